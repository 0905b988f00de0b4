"""The spoken corpus in memory: what is said, how it sounds, and sounds without words."""

from dataclasses import dataclass
from pathlib import Path

import torch

from training.recognizer import sounds
from training.recognizer.commands import Sentence
from training.recognizer.features import Codes, FeatureCache, decode, encode, log_mel
from training.recognizer.speech import Recording, SpeechFolder

MELS = 80
STACKED, STRIDE = 7, 6
"""SenseVoice's low frame rate: seven 10 ms frames side by side, every six frames."""
SPEECH = "Speech"
_SPEECH_BELOW_PEAK = 8.0
"""Nepers (of power) below the loudest frame that still count as speech."""


@dataclass(frozen=True)
class Clip:
    """A sentence or a sound without words; `variants` are coded spectrograms, clean first."""

    sentence: Sentence | None
    phonemes: str
    event: str
    """SenseVoice's tag: Speech, BGM, Laughter, Cough or Event_UNK."""
    variants: list[Codes]
    speech: slice
    """Of the clean variant, without the silence around, in 10 ms frames."""

    @property
    def speech_frames(self) -> int:
        return int(self.speech.stop - self.speech.start)

    def clean(self) -> torch.Tensor:
        return decode(self.variants[0])


class Corpus:
    """The clips of some folders; `refresh` finds those that have come since."""

    def __init__(self, folders: list[Path], cache: FeatureCache) -> None:
        self._folders = [SpeechFolder(folder) for folder in folders]
        self._cache = cache
        self._taken: set[Path] = set()
        self.clips: list[Clip] = []
        self.refresh()

    def refresh(self) -> None:
        """Load what is new."""
        for folder in self._folders:
            new = [one for one in folder.recordings() if one.path not in self._taken]
            self._taken.update(one.path for one in new)
            for recording, variants in zip(new, self._cache.of(new), strict=True):
                self.clips.append(_clip(recording, variants))


def wordless(count: int, seed: int) -> list[Clip]:
    """Music, laughter, coughs and noises."""
    return [
        Clip(None, "", tag, [codes := encode(log_mel(sound))], slice(0, len(codes)))
        for tag, sound in sounds.examples(count, seed)
    ]


def stack(mel: torch.Tensor) -> torch.Tensor:
    """The network's frames, shape [60 ms frames, 560], without normalization.

    As FunASR's `apply_lfr`: the first frame is repeated before the start, the last behind the end.
    """
    rows = -(-len(mel) // STRIDE)
    places = torch.arange(rows)[:, None] * STRIDE + torch.arange(STACKED) - (STACKED - 1) // 2
    return mel[places.clamp(0, len(mel) - 1)].reshape(rows, -1)


def mean_and_deviation(clips: list[Clip]) -> tuple[torch.Tensor, torch.Tensor]:
    """Over the speech of `clips`, each of shape [80]."""
    frames = torch.cat([clip.clean()[clip.speech] for clip in clips])
    return frames.mean(dim=0), frames.std(dim=0)


def _clip(recording: Recording, variants: list[Codes]) -> Clip:
    sentence = Sentence(recording.language, recording.words)
    return Clip(sentence, recording.phonemes, SPEECH, variants, _find_speech(decode(variants[0])))


def _find_speech(mel: torch.Tensor) -> slice:
    """The frames from the first to the last sound."""
    loudness = mel.logsumexp(dim=1)
    loud = torch.nonzero(loudness > loudness.max() - _SPEECH_BELOW_PEAK)
    return slice(int(loud[0]), int(loud[-1]) + 1)
