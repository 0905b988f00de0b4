"""SenseVoice with other vocabularies: fine-tuned models, and the published one's 25,055 pieces."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from benchmarks.random_models import TINY, write_sense_voice
from tests.support.engines import features
from tests.support.speech import SPEECH, speech_samples
from tests.support.wire import connect
from tests.wyoming_funasr.conftest import ServiceMaker
from tests.wyoming_funasr.requests.test_utterance import START, STOP, WITHOUT, chunks, transcript
from wyoming_funasr.engines.base import Place
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.onnx.sense_voice import load
from wyoming_funasr.recognition.types import Segment
from wyoming_serving.service import running

PUBLISHED = Path(__file__).parents[4] / "shared" / "sensevoice"
PIECES = 25_055


def given_vocabulary(folder: Path, pieces: list[str]) -> Path:
    """The folder with these pieces instead of its sentencepiece model."""
    next(folder.glob("*.model")).unlink()
    (folder / "tokens.json").write_text(json.dumps(pieces, ensure_ascii=False), encoding="utf-8")
    return folder


def saying(folder: Path, ids: list[int]) -> Path:
    """The folder with weights that hear nothing but these tokens, each row of audio one of them."""
    state = torch.load(folder / "model.pt", weights_only=True)
    pieces, width = len(ModelFolder(folder).vocabulary), TINY.width
    weight, bias = torch.zeros(pieces, width), torch.full((pieces,), -10.0)
    weight[ids] = torch.randn(len(ids), width, generator=torch.manual_seed(0))
    bias[ids] = 10
    torch.save(state | {"ctc.ctc_lo.weight": weight, "ctc.ctc_lo.bias": bias}, folder / "model.pt")
    return folder


def test_a_fine_tuned_models_own_pieces_are_written(tmp_path: Path, float32: Place) -> None:
    """As WSYue-ASR, SenseVoice for Cantonese: other pieces, more of them, other depths."""
    size = TINY._replace(blocks=3, late_blocks=2, vocabulary=140)
    folder = write_sense_voice(tmp_path / "SenseVoice-yue", size)
    before = ModelFolder(folder).vocabulary
    cantonese = iter("係唔佢哋嘅喺咗嚟冇啲噉咁嘢諗攞畀")
    pieces = [p if p.startswith("<") or len(p) > 1 else next(cantonese, p) for p in before]
    changed = [i for i, (old, new) in enumerate(zip(before, pieces, strict=True)) if old != new]
    engine = load(ModelFolder(saying(given_vocabulary(folder, pieces), changed)), float32, None)
    heard = engine.recognize([Segment(features(engine, speech_samples()), "yue")])[0]
    assert heard.text
    assert set(heard.text) <= {pieces[i] for i in changed}


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason=f"needs the published vocabulary, {PUBLISHED}")
async def test_the_published_vocabulary_is_written_by_the_service(
    tmp_path: Path, make_service: ServiceMaker
) -> None:
    folder = write_sense_voice(tmp_path / "SenseVoice", TINY)
    for name in ("tokens.json", "am.mvn"):
        shutil.copy(PUBLISHED / name, folder / name)
    next(folder.glob("*.model")).unlink()
    assert len(ModelFolder(folder).vocabulary) == PIECES
    saying(folder, [5000, 439, 234])  # "hel", "lo", "▁world"
    service = make_service("--model-dir", str(folder), "--hotwords", "客厅", WITHOUT)
    async with running(service) as port, connect(port) as wire:
        await wire.send(START, *chunks(SPEECH), STOP)
        text = (await transcript(wire)).text
    assert text
    assert set(text) <= set("hello world")
