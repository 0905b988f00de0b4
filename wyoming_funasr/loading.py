"""Loading a model with everything it needs."""

import logging

import numpy as np

from wyoming_funasr.audio.fbank import SAMPLE_RATE_HZ
from wyoming_funasr.audio.frontend import Frontend
from wyoming_funasr.audio.segments import PADDING_MS
from wyoming_funasr.audio.vad import SileroVoiceActivity, VoiceActivity
from wyoming_funasr.engines.base import Place, Punctuator
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.onnx import fsmn_vad
from wyoming_funasr.engines.table import load_engine, load_punctuation
from wyoming_funasr.home.completeness import template_judge
from wyoming_funasr.models import FSMN_VAD, Model, find_folder, punctuation_source
from wyoming_funasr.pipeline import LoadedModel
from wyoming_funasr.recognition.recognizer import RecognitionRequest, Recognizer
from wyoming_funasr.recognition.text import convert_script
from wyoming_funasr.recognition.types import FbankSettings
from wyoming_funasr.requests.languages import opencc_conversions
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.devices import choose_device, cpu_sharing
from wyoming_serving.models.hub import Hub

_LOGGER = logging.getLogger(__name__)


_WARM_UP_SECONDS = (1, 5)


def load_model(model: Model, settings: FunasrSettings, hub: Hub) -> LoadedModel:
    """Find, download where needed, and load what `settings` ask for.

    Raises:
        ServiceError: a model is missing or broken, or the device does not work.
    """
    device = choose_device(settings.device, settings.precision)
    folder = find_folder(model, hub, on_cpu=not device.is_cuda)
    _LOGGER.info("loading %s from %s on %s", model.name, folder, device.description)
    if model.is_demo:
        _LOGGER.warning("the demo model knows home commands in English and Mandarin, no more")
    place = Place(device, cpu_sharing(settings.threads).threads, settings.cache_dir)
    punctuation = _punctuation(model, settings, hub, place)
    engine = load_engine(model.family, folder, place, punctuation)
    frontend = _frontend(engine.fbank, model, settings, hub, place)
    return LoadedModel(frontend, Recognizer(engine), device)


def load_frontend(
    fbank: FbankSettings, model: Model, settings: FunasrSettings, hub: Hub
) -> Frontend:
    """Load what comes before a recognizer that is in other processes; it runs on the CPU.

    Raises:
        ServiceError: the model that finds speech is missing or broken.
    """
    device = choose_device("cpu", "auto")
    place = Place(device, cpu_sharing(settings.threads).threads, settings.cache_dir)
    return _frontend(fbank, model, settings, hub, place)


def warm_up(model: LoadedModel, settings: FunasrSettings) -> None:
    """Run audio of several lengths, so that no client pays for the first use of anything.

    Voice activity detection finds no speech in noise, so the recognizer gets the noise uncut.
    """
    samples = np.random.default_rng(0).normal(0, 0.01, SAMPLE_RATE_HZ * max(_WARM_UP_SECONDS))
    noise = samples.astype(np.float32)
    model.frontend.segments(noise)
    for seconds in _WARM_UP_SECONDS:
        segment = model.frontend.uncut(noise[: SAMPLE_RATE_HZ * seconds])
        model.recognizer.recognize([RecognitionRequest((segment,))])
    for language in settings.home_languages:
        template_judge(language)  # read from files, which the first pause must not wait for
    for conversion in opencc_conversions(settings.chinese_script):
        convert_script(
            "灯", conversion
        )  # its dictionaries take longer to read than a loop may wait


def _frontend(
    fbank: FbankSettings, model: Model, settings: FunasrSettings, hub: Hub, place: Place
) -> Frontend:
    vad: VoiceActivity
    if settings.use_external_vad:
        vad = SileroVoiceActivity()
    else:
        vad = fsmn_vad.load(ModelFolder(hub.find(FSMN_VAD, _download(model))), place)
    # a segment recognized ahead must be the one recognized in the end
    padding_ms = min(PADDING_MS, settings.speculation_silence_ms or PADDING_MS)
    return Frontend(fbank, vad, settings.max_segment_time, padding_ms)


def _punctuation(
    model: Model, settings: FunasrSettings, hub: Hub, place: Place
) -> Punctuator | None:
    if not settings.use_itn or model.family == "sense_voice":
        return None
    source = punctuation_source(hub, on_cpu=not place.device.is_cuda)
    return load_punctuation(hub.find(source, _download(model)), place)


def _download(model: Model) -> str:
    return f"wyoming-funasr download {model.name}"
