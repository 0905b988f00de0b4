"""What the pipeline takes for no speech to anybody here."""

from collections.abc import Sequence

import numpy as np
import pytest
from prometheus_client import Counter

from tests.wyoming_funasr.conftest import SettingsMaker
from wyoming_funasr.audio.frontend import Frontend
from wyoming_funasr.audio.vad import SileroVoiceActivity
from wyoming_funasr.models import MODELS
from wyoming_funasr.pipeline import LoadedModel, SpeechPipeline, front_end_worker
from wyoming_funasr.recognition.recognizer import RecognitionRequest, Recognizer
from wyoming_funasr.recognition.types import (
    Fbank,
    FbankSettings,
    Features,
    Recognition,
    Segment,
    SpeechSegment,
)
from wyoming_serving.devices import choose_device

HEARD = Recognition("turn it on", confidence=0.4, event="bgm")


class _Engine:
    """Hears the same in everything."""

    fbank = FbankSettings()
    tokens = None

    def features(self, fbank: Fbank) -> Features:
        return fbank

    def recognize(self, batch: Sequence[Segment]) -> list[Recognition]:
        return [HEARD for _ in batch]


async def _ready() -> None:
    """The model is loaded."""


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((), "turn it on"),
        (("--min-confidence", "0.4"), "turn it on"),
        (("--min-confidence", "0.41"), ""),
        (("--ignored-events", "laughter,bgm"), ""),
        (("--ignored-events", "laughter"), "turn it on"),
    ],
)
async def test_what_is_unsure_or_an_ignored_sound_has_no_text(
    make_settings: SettingsMaker, words: tuple[str, ...], text: str
) -> None:
    settings = make_settings(*words)
    speculations = Counter("runs", "Runs", ["model", "outcome"], registry=None)
    ears = front_end_worker(settings)
    pipeline = SpeechPipeline(MODELS["demo"], settings, ears, _ready, speculations)
    frontend = Frontend(FbankSettings(), SileroVoiceActivity(), 30_000)
    model = LoadedModel(frontend, Recognizer(_Engine()), choose_device("cpu", "float32"))
    await pipeline.load(lambda: model)
    speech = SpeechSegment(np.zeros((20, 80), np.float32))
    try:
        assert (await pipeline.recognize(RecognitionRequest((speech,)))).text == text
    finally:
        await pipeline.close()
