"""How the demo recognizer learns: its losses, and a few steps from nothing to a model folder."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from training.recognizer import losses
from training.recognizer.commands import sentences
from training.recognizer.data import Corpus
from training.recognizer.features import FeatureCache
from training.recognizer.losses import LabelPriors
from training.recognizer.plan import Reading
from training.recognizer.speech import RATE_HZ, SpeechFolder
from wyoming_funasr.engines.base import Place
from wyoming_funasr.engines.table import load_engine
from wyoming_serving.devices import choose_device


def test_priors_favor_what_is_seldom_named() -> None:
    priors = LabelPriors(3)
    logits = torch.tensor([5.0, 0.0, 0.0]).expand(2, 4, 3)
    for _ in range(300):
        priors.observe(logits, torch.tensor([4, 2]))
    offset = priors.offset()
    assert offset[0] < offset[1]
    assert offset[1] == pytest.approx(float(offset[2]))


def test_ctc_leaves_out_what_does_not_fit() -> None:
    logits = torch.zeros(2, 3, 4)
    found = losses.ctc(logits, torch.tensor([3, 1]), [[1, 2], [1, 2, 3]])
    assert torch.isfinite(found)


def test_a_uniform_alignment_gives_each_unit_its_share() -> None:
    logits = torch.full((1, 4, 3), -20.0)
    for frame, unit in enumerate([1, 1, 1, 2]):
        logits[0, frame, unit] = 20.0
    found = losses.uniform(logits, torch.tensor([4]), [[1, 2]], lambda ids: [3, 1])
    assert float(found) < 1e-3


def _speak_noise(folder: SpeechFolder, language: str, number: int) -> None:
    words = sentences(language, number + 1, 1)[number].words
    sound = 0.1 * np.random.default_rng(number).standard_normal(RATE_HZ)
    described = {"language": language, "voice": "", "speed": "", "text": words, "kind": "",
                 "phonemes": "təɹ"}  # fmt: skip
    folder.add(f"{language}_{number}", np.asarray(sound, np.float32), described)


def test_training_resumes_and_its_model_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("jiwer")
    from training.recognizer import train
    from training.recognizer.export import export

    planned = [
        Reading("train", "", language, one.words, "", (), 1.0)
        for language in ("en", "zh")
        for one in sentences(language, 60, 1)
    ]
    monkeypatch.setattr(train, "readings", lambda: planned)
    monkeypatch.setattr(train, "_WORDLESS", 4)
    for name, language, number in itertools.product(
        ("train", "development"), ("en", "zh"), range(3)
    ):
        _speak_noise(SpeechFolder(tmp_path / "speech" / name), language, number)
    speech, output = tmp_path / "speech", tmp_path / "training"
    train.train(speech, [], output, minutes=0.01, frames=40)
    corpus = Corpus([speech / "train"], FeatureCache(output / "features"))
    resumed = train.Trainer(corpus, corpus.clips[:2], output, seconds=1)
    assert resumed.state.steps > 0
    export(output, tmp_path / "model")
    assert (tmp_path / "model" / "model.pt").stat().st_size < 16e6
    place = Place(choose_device("cpu", "float32"), 1, tmp_path)
    load_engine("sense_voice", tmp_path / "model", place)
