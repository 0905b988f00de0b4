"""Loading a model with everything it needs; imports torch."""

import logging

import torch

from wyoming_funasr.audio.vad import PADDING_MS, SileroVoiceActivity, VoiceActivity
from wyoming_funasr.engines.fsmn_vad import FsmnVoiceActivity
from wyoming_funasr.engines.paraformer import Paraformer
from wyoming_funasr.engines.paraformer_streaming import ParaformerStreaming
from wyoming_funasr.engines.punctuation import Punctuation
from wyoming_funasr.engines.sense_voice import SenseVoice
from wyoming_funasr.models import CT_PUNC, FSMN_VAD, Model, find_folder
from wyoming_funasr.recognition.recognizer import Recognizer
from wyoming_funasr.recognition.types import Engine
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.devices import Device, choose_device, cpu_sharing
from wyoming_serving.hub import Hub

_LOGGER = logging.getLogger(__name__)


def load_recognizer(model: Model, settings: FunasrSettings, hub: Hub) -> tuple[Recognizer, Device]:
    """Find, download where needed, and load what `settings` ask for; says on which device.

    Raises:
        ServiceError: a model is missing or broken, or the device does not work.
    """
    folder = find_folder(model, hub)
    device = choose_device(settings.device, settings.precision)
    _LOGGER.info("loading %s from %s on %s", model.name, folder, device.description)
    if model.is_demo:
        _LOGGER.warning("the demo model knows home commands in English and Mandarin, no more")
    vad: VoiceActivity
    if settings.use_external_vad:
        vad = SileroVoiceActivity()
    else:
        vad = FsmnVoiceActivity(hub.find(FSMN_VAD, _download(model)))
    engine: Engine
    if model.family == "sense_voice":
        engine = SenseVoice(folder, device)
    else:
        family = Paraformer if model.family == "paraformer" else ParaformerStreaming
        engine = family(folder, device, _punctuation(model, settings, hub, device))
    # last, because importing silero_vad sets it too
    torch.set_num_threads(cpu_sharing(settings.threads).threads)
    # a piece recognized ahead must be the one recognized in the end
    padding_ms = min(PADDING_MS, settings.speculation_silence_ms or PADDING_MS)
    return Recognizer(engine, vad, settings.max_segment_time, padding_ms), device


def _punctuation(
    model: Model, settings: FunasrSettings, hub: Hub, device: Device
) -> Punctuation | None:
    if not settings.use_itn:
        return None
    return Punctuation(hub.find(CT_PUNC, _download(model)), device)


def _download(model: Model) -> str:
    return f"wyoming-funasr download {model.name}"
