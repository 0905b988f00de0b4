"""Transcribing audio files, of any length and format that is known here."""

from pathlib import Path

from wyoming_funasr.home.context import UtteranceHome, know
from wyoming_funasr.home.description import read_home
from wyoming_funasr.models import choose_model
from wyoming_funasr.pipeline import LoadedModel
from wyoming_funasr.recognition.home import HomeContext
from wyoming_funasr.recognition.hotwords import merge_hotwords, read_hotword_file
from wyoming_funasr.recognition.recognizer import RecognitionRequest
from wyoming_funasr.recognition.types import Recognition
from wyoming_funasr.recordings.decoding import decode_path
from wyoming_funasr.requests.languages import model_language
from wyoming_funasr.requests.script import in_script
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.audio import Samples, join


def known_home(model: LoadedModel, settings: FunasrSettings) -> UtteranceHome | None:
    """The home of the settings, all of it, for this model.

    Raises:
        ServiceError: `home-invalid`.
    """
    if settings.home is None or model.recognizer.tokens is None:
        return None
    home = read_home(settings.home)
    return know(home, settings.home_languages, model.recognizer.tokens)


def transcribe(
    model: LoadedModel, samples: Samples, settings: FunasrSettings, home: HomeContext | None = None
) -> Recognition:
    """Recognize a whole recording; a long one is cut where nobody speaks."""
    known = choose_model(settings.default_model).languages
    from_file = read_hotword_file(settings.hotword_file) if settings.hotword_file else []
    hotwords = merge_hotwords(
        settings.hotword_weight, settings.hotwords, from_file, (), settings.max_hotwords
    )
    language = model_language(settings.language, "auto", known)
    segments = model.frontend.segments(samples)
    request = RecognitionRequest(
        segments,
        language,
        settings.use_itn,
        hotwords,
        languages=settings.languages,
        home=home,
    )
    recognition = model.recognizer.recognize([request])[0]
    return in_script(recognition, None, settings.chinese_script, home)


def read_audio(file: Path) -> Samples:
    """A file's audio as 16 kHz mono samples from -1 to 1, shape [samples].

    Raises:
        ServiceError: the file is not audio, or cannot be read.
    """
    return join(decode_path(file))
