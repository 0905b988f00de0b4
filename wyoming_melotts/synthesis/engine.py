"""The voices in memory: loaded on first use, the least recently used leave when memory is short."""

import gc
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from weakref import WeakValueDictionary

import numpy as np

from wyoming_melotts.frontends import Frontend, Tokenizer, frontend_for
from wyoming_melotts.frontends.budget import UNLIMITED, ReadingBudget
from wyoming_melotts.frontends.plain_tokenizer import PlainTokenizer
from wyoming_melotts.frontends.readings import read_readings
from wyoming_melotts.frontends.tokenizers import load_tokenizer
from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.synthesis.acoustic.model import NoiseSource, Prosody, seeded_noise
from wyoming_melotts.synthesis.backends import Backend, backend_for
from wyoming_melotts.synthesis.bert.features import BertFeatures, read_tokenizer
from wyoming_melotts.synthesis.speech import (
    FrontEndCall,
    Reader,
    SpeakingModel,
    SpeechOptions,
    TakeWords,
    call_here,
)
from wyoming_melotts.voices import Language, Model, Voice, VoiceLibrary
from wyoming_serving.audio import Resampler, Samples
from wyoming_serving.devices import Device, choose_device
from wyoming_serving.memory import free_memory_bytes, large_structure

_LOGGER = logging.getLogger(__name__)

_ANY_TEXT = "12."
"""A word in every language."""


def speech_options(settings: MelottsSettings) -> SpeechOptions:
    """What the settings say about speaking.

    Raises:
        ServiceError: the home's file is wrong.
    """
    return SpeechOptions(
        Prosody(settings.speed, settings.sdp_ratio, settings.noise_scale, settings.noise_scale_w),
        normalize_home=settings.text_normalization == "home",
        seed=None if settings.seed < 0 else settings.seed,
        sentence_silence_ms=settings.sentence_silence_ms,
        readings=read_readings(settings.home),
    )


class Engine:
    """Loads models and speaks with them."""

    def __init__(
        self,
        settings: MelottsSettings,
        library: VoiceLibrary,
        free_memory: Callable[[], int] | None = None,
        noise: Callable[[int | None], NoiseSource] = seeded_noise,
        shape: Callable[[Iterator[Samples], int], Iterator[Samples]] = lambda audio, _: audio,
        in_front_end: FrontEndCall = call_here,
    ) -> None:
        """Choose the device.

        `free_memory` tells how many bytes of its memory are free; `noise` makes the random numbers
        of a text from its seed; `shape` changes a text's audio (of so many Hz) on its way out;
        every call of a front-end goes through `in_front_end`, always into the same thread.

        Raises:
            ServiceError: the device asked for by name does not work.
        """
        self.device = choose_device(settings.device, settings.precision)
        self._backend: Backend = backend_for(self.device, settings)
        _LOGGER.info("voices run on %s", self.device.description)
        self._settings = settings
        self._library = library
        self._free_memory = free_memory or partial(_free_bytes, self.device)
        self._noise = noise
        self._shape = shape
        self._options = speech_options(settings)
        self._in_front_end = in_front_end
        self._loading = threading.Lock()
        self._models: dict[Model, SpeakingModel] = {}
        self._berts: WeakValueDictionary[str, BertFeatures] = WeakValueDictionary()

    @property
    def loaded(self) -> list[Model]:
        """The models in memory, the least recently used first."""
        return list(self._models)

    def speak(
        self,
        voice: Voice,
        text: str,
        crowded: Callable[[], bool] = lambda: False,
        speed: float = 1.0,
        reading: ReadingBudget = UNLIMITED,
        take_words: TakeWords = lambda _: None,
        seed: int | None = None,
    ) -> Iterator[Samples]:
        """The audio of a sentence in chunks at the settings' rate, each computed when asked for.

        `crowded` says whether other sentences are being spoken at the same time; `speed` is
        relative to the settings'; `reading` is what may be spent on reading the sentence;
        `take_words` is called with words before their audio comes; `seed` is the settings' where
        none is given.

        Raises:
            ServiceError: the voice cannot be loaded.
        """
        model = self.load(voice.model)
        options = self._options
        prosody = replace(options.prosody, speed=options.prosody.speed * speed)
        resampler = Resampler(model.sample_rate_hz, self._settings.sample_rate_hz)
        audio = model.speak(
            text,
            voice.speaker,
            prosody,
            options.sentence_silence_ms,
            self._noise(options.seed if seed is None else seed),
            crowded,
            reading,
            take_words,
        )
        for samples in self._shape(audio, model.sample_rate_hz):
            # a resampler gives nothing for the first few milliseconds
            if len(resampled := resampler.resample(samples)):
                yield resampled
        rest = resampler.resample(np.zeros(0, np.float32), last=True)
        if len(rest):
            yield rest

    def load(self, model: Model) -> SpeakingModel:
        """The model, loaded from disk (after a download where it must be) if it is not in memory.

        Raises:
            ServiceError: its files are missing or wrong.
        """
        with self._loading:
            speaking = self._models.pop(model, None)
            if speaking is None:
                self._drop_replaced(model)
                folder, bert_folder = self._library.fetch(model)
                self._make_room()
                speaking = self._read(model, folder, bert_folder)
                _LOGGER.info("loaded %s from %s", model.key, folder)
            self._models[model] = speaking
            return speaking

    def _drop_replaced(self, model: Model) -> None:
        """Drop what was read from the same folder before its files changed."""
        for former in [known for known in self._models if known.key == model.key]:
            del self._models[former]

    def _make_room(self) -> None:
        """Drop models until enough memory is free for another."""
        least = self._settings.min_free_memory_mb << 20
        while self._models and self._free_memory() < least:
            oldest = next(iter(self._models))
            _LOGGER.info("memory is short: dropping %s", oldest.key)
            del self._models[oldest]
            gc.collect()

    def _read(self, model: Model, folder: Path, bert_folder: Path | None) -> SpeakingModel:
        acoustic = self._backend.load_voice(folder)
        bert = self._bert(model.language, bert_folder) if bert_folder else None
        tokenizer = bert.tokenizer if bert else find_tokenizer(model.language, self._library)
        reader = self._in_front_end(partial(make_reader, model.language, tokenizer, self._options))
        return SpeakingModel(model.language, acoustic, reader, bert, self._in_front_end)

    def _bert(self, language: Language, folder: Path) -> BertFeatures:
        """The BERT of a language, shared by all models that use it."""
        bert = self._berts.get(language.bert.name)
        if bert is None:
            tokenizer = read_tokenizer(folder, language.key)
            bert = BertFeatures(self._backend.load_bert(folder), tokenizer)
            self._berts[language.bert.name] = bert
        return bert


def _free_bytes(device: Device) -> int:
    """The memory that another voice may take."""
    if not device.is_cuda:
        return free_memory_bytes()
    from wyoming_serving.torch.gpus import gpu_memory_bytes

    return gpu_memory_bytes(device.torch_name)[0]


def find_tokenizer(language: Language, library: VoiceLibrary) -> Tokenizer:
    """The tokenizer of a language's BERT where it is on disk, else one without a vocabulary."""
    folder = library.vocabulary_folder(language.bert)
    return load_tokenizer(folder, language.key) if folder else PlainTokenizer()


def make_reader(language: Language, tokenizer: Tokenizer, options: SpeechOptions) -> Reader:
    """The way from text to phones of a language, with the dictionaries that it is read by."""
    with large_structure():
        frontend: Frontend = frontend_for(language.key, tokenizer, options.readings)
        reader = Reader(language, frontend, options)
        reader.phonemize_line(_ANY_TEXT)  # dictionaries are read when they are first needed
        return reader
