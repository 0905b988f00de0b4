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
from wyoming_funasr.models import (
    FSMN_VAD,
    MODELS,
    Model,
    find_folder,
    punctuation_source,
)
from wyoming_funasr.pipeline import LoadedModel
from wyoming_funasr.recognition.recognizer import RecognitionRequest, Recognizer
from wyoming_funasr.recognition.text import convert_script
from wyoming_funasr.recognition.types import FbankSettings
from wyoming_funasr.requests.languages import opencc_conversions
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.devices import Device, choose_device, cpu_sharing
from wyoming_serving.errors import ModelMissing
from wyoming_serving.models.hub import Hub, HubName, ModelSource

_LOGGER = logging.getLogger(__name__)


_WARM_UP_SECONDS = (1, 5)


def load_model(model: Model, settings: FunasrSettings, hub: Hub) -> LoadedModel:
    """Find, download where needed, and load what `settings` ask for.

    Raises:
        ServiceError: a model is missing or broken, or the device does not work.
    """
    device = choose_device(settings.device, settings.precision)
    try:
        return _load_on(device, model, settings, hub)
    except ModelMissing as error:
        if model.source is None:
            raise
        ways_out = _ways_out(model.source, settings)
        raise ModelMissing(f"{error.text}; or {ways_out}") from error


def _load_on(device: Device, model: Model, settings: FunasrSettings, hub: Hub) -> LoadedModel:
    command = _download(model, settings)
    folder = find_folder(model, hub, command, on_cpu=not device.is_cuda)
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
        vad = fsmn_vad.load(ModelFolder(hub.find(FSMN_VAD, _download(model, settings))), place)
    # a segment recognized ahead must be the one recognized in the end
    padding_ms = min(PADDING_MS, settings.speculation_silence_ms or PADDING_MS)
    return Frontend(fbank, vad, settings.max_segment_time, padding_ms)


def _punctuation(
    model: Model, settings: FunasrSettings, hub: Hub, place: Place
) -> Punctuator | None:
    if not settings.use_itn or model.family == "sense_voice":
        return None
    source = punctuation_source(hub, on_cpu=not place.device.is_cuda)
    return load_punctuation(hub.find(source, _download(model, settings)), place)


def _download(model: Model, settings: FunasrSettings) -> str:
    """What a user runs to download a model, with the options that were given."""
    source = model.source if model.name not in MODELS else None
    return settings.command(f"download {source.ids[0] if source is not None else model.name}")


def _ways_out(source: ModelSource, settings: FunasrSettings) -> str:
    """What helps where a model cannot be downloaded, with the options that were given."""
    other: HubName = "hf" if settings.hub == "modelscope" else "modelscope"
    ways = [f"`{settings.command(model_dir='demo')}` hears home commands with the demo model"]
    if not settings.offline and source.on(other):
        model = ",".join(settings.model_dir)
        ways.append(f"`{settings.command(hub=other, model_dir=model)}` tries the other hub")
    ways.append("put its files in a folder and --model-dir FOLDER")
    return ", or ".join(ways)
