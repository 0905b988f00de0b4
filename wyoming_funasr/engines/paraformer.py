"""Paraformer: a non-autoregressive encoder and decoder for Chinese with English mixed in.

Plain, with time stamps (BiCif) or with hotwords by a mechanism of its own (SeACo).
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from wyoming_funasr.engines import cif
from wyoming_funasr.engines.base import Punctuator
from wyoming_funasr.engines.features import FeatureStacker
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.tokens import Speller, WrittenWord, spelled_text, written_words
from wyoming_funasr.recognition.ctc import LogProbs
from wyoming_funasr.recognition.hotwords import Hotword
from wyoming_funasr.recognition.text import clean, convert_script
from wyoming_funasr.recognition.types import Fbank, Features, Recognition, Segment, Word
from wyoming_serving.errors import ErrorCode, ServiceError

_FEWEST_FRAMES = 23
"""A quarter of a second: the length predictor needs a few rows to look at."""

_CHECKPOINTS = ("Paraformer", "BiCifParaformer", "SeacoParaformer")
"""Classes, as `config.yaml` names them, whose checkpoints there are engines for."""

_INSTEAD = (
    "use paraformer-zh, which listens for hotwords too, or on a CPU a contextual one's ONNX form, "
    "iic/speech_paraformer-large-contextual_asr_nat-zh-cn-16k-common-vocab8404-onnx"
)

KEPT_HOTWORDS = 4
"""Lists of hotwords that are kept as the network wants them: a home's is the same for long."""

Spelled = tuple[tuple[int, ...], ...]
"""Hotwords, each by its tokens' ids."""

_SILENT = ("<blank>", "<s>", "</s>", "<unk>", "<OOV>")


def check_checkpoint(folder: ModelFolder) -> None:
    """See that the folder's checkpoint is of a class that can be built.

    Raises:
        ServiceError: `model-invalid`, it is not.
    """
    found = folder.config["model"]
    if found not in _CHECKPOINTS:
        raise ServiceError(
            ErrorCode.MODEL_INVALID,
            f"{folder.path}: checkpoints of {found} cannot be loaded, only those of "
            f"{', '.join(_CHECKPOINTS)}; {_INSTEAD}",
        )


@dataclass(frozen=True)
class Decoded:
    """What the network says of one utterance.

    `log_probs` have the shape [tokens, vocabulary]; `time_alphas` are the weights from which times
    come, at three times the encoder's frame rate, where the network tells them.
    """

    log_probs: LogProbs
    time_alphas: cif.Float32 | None = None


class ParaformerNetwork(Protocol):
    """Encoder, length predictor and decoder."""

    @property
    def takes_hotwords(self) -> bool:
        """Whether it listens for hotwords."""

    def decode(self, batch: Sequence[Features], hotwords: Spelled) -> Iterable[Decoded]:
        """Decode utterances, listening for hotwords."""


class Paraformer:
    """Paraformer in FunASR's format.

    The confidence is the geometric mean of the decoder's posteriors of the emitted tokens.
    """

    def __init__(
        self, folder: ModelFolder, network: ParaformerNetwork, punctuation: Punctuator | None
    ) -> None:
        """`punctuation`: writes the marks that the model itself does not, where they are wanted."""
        self._network = network
        self._punctuation = punctuation
        self._stacker = FeatureStacker(folder)
        self.fbank = self._stacker.fbank
        self.tokens = None
        self._tokens = folder.vocabulary
        self._silent = {i for i, token in enumerate(self._tokens) if token in _SILENT}
        self._speller = Speller(self._tokens, folder.path)
        self._spelled = lru_cache(KEPT_HOTWORDS)(self._spell)

    def features(self, fbank: Fbank) -> Features:
        """Shape [rows, channels]; short input is filled up with silence."""
        return self._stacker.features(fbank, _FEWEST_FRAMES)

    def recognize(self, batch: Sequence[Segment]) -> list[Recognition]:
        """Recognize utterances; those with the same hotwords may share a pass."""
        results: dict[int, Recognition] = {}
        by_hotwords = sorted(range(len(batch)), key=lambda i: repr(batch[i].hotwords))
        for hotwords, group in itertools.groupby(by_hotwords, lambda i: batch[i].hotwords):
            places = list(group)
            decoded = self._network.decode(
                [batch[i].features for i in places], self._spelled(hotwords)
            )
            for place, one in zip(places, decoded, strict=True):
                results[place] = self._recognition(batch[place], one)
        return [results[i] for i in range(len(batch))]

    def _spell(self, hotwords: tuple[Hotword, ...]) -> Spelled:
        """Those that the vocabulary can spell; Paraformer writes simplified characters."""
        if not self._network.takes_hotwords:
            return ()
        spelled = (self._speller.spell(convert_script(word.text, "t2s")) for word in hotwords)
        return tuple(tuple(ids) for ids in spelled if ids is not None)

    def _recognition(self, segment: Segment, decoded: Decoded) -> Recognition:
        best = decoded.log_probs.argmax(axis=1)
        kept = [i for i, token in enumerate(best.tolist()) if token not in self._silent]
        if not kept:
            return Recognition()
        words = written_words([self._tokens[best[i]] for i in kept])
        text = spelled_text(words)
        if self._punctuation is not None and segment.use_itn:
            text = self._punctuation.punctuate(text)
        return Recognition(
            text=clean(text),
            words=_timed(words, decoded, len(kept)),
            confidence=float(np.exp(decoded.log_probs[kept, best[kept]].mean())),
        )


def _timed(words: Sequence[WrittenWord], decoded: Decoded, tokens: int) -> tuple[Word, ...]:
    if decoded.time_alphas is None:
        return ()
    times = cif.token_times(decoded.time_alphas, len(decoded.log_probs), tokens)
    if not times:
        return ()
    return tuple(Word(one.text, times[one.first][0], times[one.last][1], None) for one in words)
