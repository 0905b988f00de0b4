"""One loaded voice: text in, audio out as it is computed."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

import numpy as np

from wyoming_melotts.frontends import Frontend, Phonemes
from wyoming_melotts.frontends.budget import UNLIMITED, ReadingBudget
from wyoming_melotts.frontends.readings import NO_READINGS, Readings
from wyoming_melotts.normalization import spoken_form
from wyoming_melotts.spoken import SpokenWord
from wyoming_melotts.synthesis.acoustic.config import VoiceFileError
from wyoming_melotts.synthesis.acoustic.decoder_shape import context_frames
from wyoming_melotts.synthesis.acoustic.model import (
    AcousticModel,
    NoiseSource,
    Prosody,
    Sentence,
    sample_latent,
)
from wyoming_melotts.synthesis.bert.features import BertFeatures
from wyoming_melotts.synthesis.ids import TokenIds, token_ids
from wyoming_melotts.synthesis.symbols import LANGUAGE_CODES
from wyoming_melotts.synthesis.timing import spoken_words
from wyoming_melotts.voices import Language
from wyoming_serving.audio import Samples

Value = TypeVar("Value")

TakeWords = Callable[[Sequence[SpokenWord]], None]
"""Is called with the words of a stretch of audio before the audio is yielded."""

FIRST_CHUNK_FRAMES = 16
"""Frames of audio in the first chunk of a piece; 16 are 186 ms."""

CROWDED_FIRST_CHUNK_FRAMES = 4
"""The same while others are being answered too: each starts with less, and so all start early."""

CHUNK_FRAMES = 16
"""Frames in the chunks after it. Larger ones take more memory, are no faster on a CPU (their
signals leave its caches), and keep new requests and cancellation waiting for longer."""


@dataclass(frozen=True)
class SpeechOptions:
    """How voices speak, as the settings say."""

    prosody: Prosody = field(default_factory=Prosody)
    normalize_home: bool = True
    seed: int | None = 0
    sentence_silence_ms: float = 50
    readings: Readings = NO_READINGS


class Reader:
    """A language's way from text to phones, with or without the normalizer for homes."""

    def __init__(self, language: Language, frontend: Frontend, options: SpeechOptions) -> None:
        self._language = language
        self._frontend = frontend
        self._options = options

    def pieces(self, text: str, *, plainly: bool = False) -> list[str]:
        """The stretches of a text that are spoken one after the other; none if it has no word.

        Read `plainly`, it costs little, and numbers and units are as upstream has them.
        """
        text = self._spoken(text, plainly)
        if not any(map(str.isalnum, text)):
            return []
        return [self._frontend.separate_camel_case(piece) for piece in self._frontend.split(text)]

    def phonemize(self, piece: str) -> Phonemes:
        """The phones of a piece."""
        return self._frontend.phonemize(self._frontend.normalize(piece))

    def phonemize_line(self, text: str) -> Phonemes:
        """The phones of a text as one piece, to see what the front-end makes of it."""
        return self.phonemize(self._spoken(text))

    def _spoken(self, text: str, plainly: bool = False) -> str:
        text = self._options.readings.respelled(text, self._language.normalization)
        if plainly or not self._options.normalize_home:
            return text
        return spoken_form(text, self._language.normalization)


class FrontEndCall(Protocol):
    """Calls a function of a front-end where its libraries live, and waits for the answer."""

    def __call__(self, function: Callable[[], Value], /) -> Value:
        """What the function returns; raises what it raises."""


def call_here(function: Callable[[], Value]) -> Value:
    """For a program that has one thread."""
    return function()


class SpeakingModel:
    """A checkpoint with its front-end and, where it uses one, its BERT."""

    def __init__(
        self,
        language: Language,
        acoustic: AcousticModel,
        reader: Reader,
        bert: BertFeatures | None,
        in_front_end: FrontEndCall,
    ) -> None:
        """`reader` is used through `in_front_end` alone: libraries behind it know one thread.

        Raises:
            VoiceFileError: the checkpoint was not trained with the language.
        """
        codes = LANGUAGE_CODES[language.key]
        if codes.language_id >= acoustic.config.num_languages:
            raise VoiceFileError(f"the voice knows no language {language.key}; rename its folder")
        self._codes = codes
        self._acoustic = acoustic
        self._reader = reader
        self.bert = bert
        self._in_front_end = in_front_end
        self._context_frames = context_frames(acoustic.config)

    @property
    def sample_rate_hz(self) -> int:
        """The rate of the audio."""
        return self._acoustic.config.sample_rate_hz

    @property
    def speakers(self) -> dict[str, int]:
        """The speakers and their ids."""
        return dict(self._acoustic.config.speakers)

    def speak(
        self,
        text: str,
        speaker: str,
        prosody: Prosody,
        silence_ms: float,
        noise: NoiseSource,
        crowded: Callable[[], bool],
        reading: ReadingBudget = UNLIMITED,
        take_words: TakeWords = lambda _: None,
    ) -> Iterator[Samples]:
        """The audio of a text in chunks, each computed when it is asked for, in any thread.

        As upstream, a silence follows every piece, `silence_ms` long at speed 1. A text without a
        word gives nothing. `crowded` says whether other texts are being spoken at the same time.
        Once `reading` is spent, text is read plainly.
        """
        silence_s = silence_ms / 1000 / prosody.speed
        silence = np.zeros(int(self.sample_rate_hz * silence_s), np.float32)
        speaker_id = self._acoustic.config.speakers[speaker]
        length = 0
        pieces = partial(self._reader.pieces, text, plainly=reading.is_spent)
        for piece in self._read(pieces, reading):
            phonemes = self._read(partial(self._reader.phonemize, piece), reading)
            begins = length / self.sample_rate_hz

            def take(words: Sequence[SpokenWord], begins: float = begins) -> None:
                take_words([word.shifted(begins) for word in words])

            for samples in self._speak_piece(phonemes, speaker_id, prosody, noise, crowded, take):
                length += len(samples)
                yield samples
            if len(silence):
                length += len(silence)
                yield silence

    def _read(self, read: Callable[[], Value], reading: ReadingBudget) -> Value:
        return self._in_front_end(partial(reading.spend, read))

    def _speak_piece(
        self,
        phonemes: Phonemes,
        speaker_id: int,
        prosody: Prosody,
        noise: NoiseSource,
        crowded: Callable[[], bool],
        take_words: TakeWords,
    ) -> Iterator[Samples]:
        """The audio of a piece."""
        ids = token_ids(phonemes, self._codes, self._acoustic.config)
        sentence = self._sentence(phonemes, ids)
        sampled = sample_latent(self._acoustic, sentence, speaker_id, prosody, noise)
        take_words(spoken_words(phonemes, ids, sampled.durations, self._acoustic.config))
        latent = sampled.values
        stream = self._acoustic.decoder_stream(speaker_id)
        start = 0
        for size in self._chunk_sizes(crowded()):
            end = min(start + size, len(latent))
            is_last = end == len(latent)
            samples = stream.push(latent[start:end], last=is_last)
            if len(samples):
                yield samples
            if is_last:
                return
            start = end

    def _sentence(self, phonemes: Phonemes, ids: TokenIds) -> Sentence:
        bert = self.bert.features(phonemes.norm_text, ids.word2ph) if self.bert else None
        phones, tones, languages = (
            np.array(numbers, np.int64) for numbers in (ids.phones, ids.tones, ids.languages)
        )
        return Sentence(phones, tones, languages, bert)

    def _chunk_sizes(self, crowded: bool) -> Iterator[int]:
        """Frames to decode at a time; the first chunk also holds the context that its audio
        waits for."""
        first = CROWDED_FIRST_CHUNK_FRAMES if crowded else FIRST_CHUNK_FRAMES
        yield self._context_frames + first
        yield from itertools.repeat(CHUNK_FRAMES)
