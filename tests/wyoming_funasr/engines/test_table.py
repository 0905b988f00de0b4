"""Adding an engine, and what a CPU must not need."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.wyoming_funasr.engines.conftest import cpu
from wyoming_funasr.engines.table import ENGINES, load_engine
from wyoming_funasr.recognition.types import Fbank, FbankSettings, Features, Recognition, Segment

ADDED = """
from {test} import Echo

def load(folder, place, punctuation):
    return Echo(folder.config["model"])
"""


class Echo:
    """An engine that says its model's name."""

    fbank = FbankSettings()

    def __init__(self, name: str) -> None:
        self._name = name

    def features(self, fbank: Fbank) -> Features:
        return fbank

    def recognize(self, batch: Sequence[Segment]) -> list[Recognition]:
        return [Recognition(self._name) for _ in batch]


def test_an_engine_is_a_module_and_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "added_engine.py").write_text(ADDED.format(test=__name__))
    (tmp_path / "config.yaml").write_text("model: Echo\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(ENGINES, "echo", "added_engine")
    engine = load_engine("echo", tmp_path, cpu(tmp_path, "float32"))
    features = engine.features(np.zeros((1, 80), np.float32))
    assert engine.recognize([Segment(features)])[0].text == "Echo"


WITHOUT_TORCH = """
import sys
from pathlib import Path
for name in ("torch", "torchaudio", "funasr", "numba", "transformers", "silero_vad", "onnx"):
    sys.modules[name] = None
import numpy as np
from tests.support.speech import speech_samples
from wyoming_funasr.audio.frontend import Frontend
from wyoming_funasr.audio.vad import SileroVoiceActivity
from wyoming_funasr.engines.base import Place
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.onnx import fsmn_vad as vads
from wyoming_funasr.engines.table import load_engine, load_punctuation
from wyoming_funasr.recognition.types import Segment
from wyoming_serving.devices import Device

sense_voice, paraformer, seaco, streaming, fsmn_vad, ct_punc, cache = map(Path, sys.argv[1:])
place = Place(Device("cpu", "int8", "CPU, int8"), 1, cache)
marks = load_punctuation(ct_punc, place)
folders = [("sense_voice", sense_voice), ("paraformer", paraformer), ("paraformer", seaco),
           ("paraformer_streaming", streaming)]
for family, folder in folders:
    engine = load_engine(family, folder, place, marks)
    for vad in (SileroVoiceActivity(), vads.load(ModelFolder(fsmn_vad), place)):
        Frontend(engine.fbank, vad, 30_000).segments(speech_samples())
    speech = Frontend(engine.fbank, SileroVoiceActivity(), 30_000).segments(speech_samples())
    features = engine.features(speech[0].fbank)
    assert engine.recognize([Segment(features)])[0].text
"""


def test_a_cpu_needs_no_torch(
    tiny_sense_voice: Path,
    tiny_paraformer: Path,
    tiny_seaco: Path,
    tiny_paraformer_streaming: Path,
    tiny_fsmn_vad: Path,
    tiny_ct_punc: Path,
    tmp_path: Path,
) -> None:
    folders = [tiny_sense_voice, tiny_paraformer, tiny_seaco, tiny_paraformer_streaming,
               tiny_fsmn_vad, tiny_ct_punc, tmp_path]  # fmt: skip
    command = [sys.executable, "-c", WITHOUT_TORCH, *map(str, folders)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
