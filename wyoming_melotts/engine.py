"""The voices in memory: loaded on first use, the least recently used leave when memory is short."""

import gc
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from weakref import WeakValueDictionary

import numpy as np
import psutil
import torch

from wyoming_melotts.acoustic.synthesizer import Prosody, Synthesizer
from wyoming_melotts.bert import BertFeatures
from wyoming_melotts.plain_tokenizer import PlainTokenizer
from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.speech import Reader, SpeakingModel, SpeechOptions
from wyoming_melotts.text import Frontend, Tokenizer, frontend_for
from wyoming_melotts.text.tokenizers import load_tokenizer
from wyoming_melotts.voices import Language, Model, Voice, VoiceLibrary
from wyoming_serving.audio import Resampler, Samples
from wyoming_serving.devices import choose_device

_LOGGER = logging.getLogger(__name__)


def speech_options(settings: MelottsSettings) -> SpeechOptions:
    """What the settings say about speaking."""
    return SpeechOptions(
        Prosody(settings.speed, settings.sdp_ratio, settings.noise_scale, settings.noise_scale_w),
        normalize_home=settings.text_normalization == "home",
        seed=None if settings.seed < 0 else settings.seed,
        sentence_silence_ms=settings.sentence_silence_ms,
    )


def free_memory_bytes() -> int:
    """Memory that new data may take."""
    return psutil.virtual_memory().available


class Engine:
    """Loads models and speaks with them. Used by one thread at a time."""

    def __init__(
        self,
        settings: MelottsSettings,
        library: VoiceLibrary,
        free_memory: Callable[[], int] = free_memory_bytes,
    ) -> None:
        """Choose the device.

        Raises:
            ServiceError: the device asked for by name does not work.
        """
        if settings.threads:
            torch.set_num_threads(settings.threads)
        self.device = choose_device(settings.device, settings.precision)
        _LOGGER.info("voices run on %s", self.device.description)
        self._settings = settings
        self._library = library
        self._free_memory = free_memory
        self._options = speech_options(settings)
        self._models: dict[str, SpeakingModel] = {}
        self._berts: WeakValueDictionary[str, BertFeatures] = WeakValueDictionary()

    @property
    def loaded(self) -> list[str]:
        """Keys of the models in memory, the least recently used first."""
        return list(self._models)

    def speak(self, voice: Voice, text: str) -> Iterator[Samples]:
        """The audio of a sentence in chunks at the settings' rate, each computed when asked for.

        Raises:
            ServiceError: the voice cannot be loaded.
        """
        model = self.load(voice.model)
        resampler = Resampler(model.sample_rate_hz, self._settings.sample_rate_hz)
        for samples in model.speak(text, voice.speaker, self._options):
            yield resampler.resample(samples)
        rest = resampler.resample(np.zeros(0, np.float32), last=True)
        if len(rest):
            yield rest

    def load(self, model: Model) -> SpeakingModel:
        """The model, loaded from disk (after a download where it must be) if it is not in memory.

        Raises:
            ServiceError: its files are missing or wrong.
        """
        speaking = self._models.pop(model.key, None)
        if speaking is None:
            folder, bert_folder = self._library.fetch(model)
            self._make_room()
            speaking = self._read(model, folder, bert_folder)
            _LOGGER.info("loaded %s from %s", model.key, folder)
        self._models[model.key] = speaking
        return speaking

    def _make_room(self) -> None:
        """Drop models until enough memory is free for another."""
        least = self._settings.min_free_memory_mb << 20
        while self._models and self._free_memory() < least:
            key = next(iter(self._models))
            _LOGGER.info("memory is short: dropping %s", key)
            del self._models[key]
            gc.collect()

    def _read(self, model: Model, folder: Path, bert_folder: Path | None) -> SpeakingModel:
        synthesizer = Synthesizer.load(folder)
        bert = self._bert(model.language, bert_folder) if bert_folder else None
        tokenizer = bert.tokenizer if bert else find_tokenizer(model.language, self._library)
        reader = make_reader(model.language, tokenizer, self._options)
        return SpeakingModel(model.language, synthesizer, reader, bert, self.device.torch_name)

    def _bert(self, language: Language, folder: Path) -> BertFeatures:
        """The BERT of a language, shared by all models that use it."""
        bert = self._berts.get(language.bert.name)
        if bert is None:
            bert = BertFeatures.load(folder, language.key, self.device)
            self._berts[language.bert.name] = bert
        return bert


def find_tokenizer(language: Language, library: VoiceLibrary) -> Tokenizer:
    """The tokenizer of a language's BERT where it is on disk, else one without a vocabulary."""
    folder = library.vocabulary_folder(language.bert)
    return load_tokenizer(folder, language.key) if folder else PlainTokenizer()


def make_reader(language: Language, tokenizer: Tokenizer, options: SpeechOptions) -> Reader:
    """The way from text to phones of a language."""
    frontend: Frontend = frontend_for(language.key, tokenizer)
    return Reader(language, frontend, normalize_home=options.normalize_home)
