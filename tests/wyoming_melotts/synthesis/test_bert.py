"""BERT features equal upstream's, whatever form the published weights have."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.wyoming_melotts.golden import assert_close, golden, read_arrays, read_json
from tests.wyoming_melotts.recorded_weights import bert_tensor
from wyoming_melotts.synthesis.acoustic.config import VoiceFileError
from wyoming_melotts.synthesis.bert.torch import BertFeatures
from wyoming_serving.devices import Device

CPU = Device("cpu", "float32", "CPU, float32")
LANGUAGE_KEYS = {"ZH_MIX_EN": "ZH"}


def write_bert(folder: Path, recorded: dict[str, Any], vocabulary: str) -> Path:
    """The recorded tiny BERT with one of its vocabularies, as a folder of the hub."""
    folder.mkdir(exist_ok=True)
    words = golden("bert", vocabulary).read_text(encoding="utf-8")
    (folder / "vocab.txt").write_text(words, encoding="utf-8")
    size = len(words.splitlines())
    (folder / "config.json").write_text(json.dumps(recorded["config"] | {"vocab_size": size}))
    state = {}
    for name, shape in recorded["parameter_names_and_shapes"].items():
        actual = [size, *shape[1:]] if "word_embeddings" in name else shape
        state[name] = bert_tensor(name, actual, recorded["std"])
    torch.save(state, folder / "pytorch_model.bin")
    return folder


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    content: dict[str, Any] = read_json("bert", "features.json")
    return content


@pytest.mark.parametrize("index", range(8))
def test_features_equal_upstream(index: int, recorded: dict[str, Any], tmp_path: Path) -> None:
    case = recorded["cases"][index]
    key = LANGUAGE_KEYS.get(case["language"], case["language"])
    bert = BertFeatures.load(write_bert(tmp_path, recorded, case["mini_vocab"]), key, CPU)
    assert bert.tokenizer.encode(case["norm_text"]) == case["input_ids"]
    features = bert.features(case["norm_text"], case["word2ph"])
    assert_close(features, read_arrays("bert", "features.npz")[case["key"]], "features")


@pytest.fixture
def folder(recorded: dict[str, Any], tmp_path: Path) -> Path:
    return write_bert(tmp_path / "bert", recorded, "bert-base-uncased.mini_vocab.txt")


def test_other_forms_of_the_same_weights(folder: Path) -> None:
    from safetensors.torch import save_file

    expected = BertFeatures.load(folder, "EN", CPU).features("the light is on.", [1] * 7)
    state = torch.load(folder / "pytorch_model.bin", weights_only=True)
    old_names = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor
        for name, tensor in state.items()
    }
    (folder / "pytorch_model.bin").unlink()
    save_file(old_names, folder / "model.safetensors")
    assert torch.equal(
        BertFeatures.load(folder, "EN", CPU).features("the light is on.", [1] * 7), expected
    )
    save_file(
        {name.removeprefix("bert."): tensor for name, tensor in state.items()},
        folder / "model.safetensors",
    )
    assert torch.equal(
        BertFeatures.load(folder, "EN", CPU).features("the light is on.", [1] * 7), expected
    )


def test_int8_is_near_float32(folder: Path) -> None:
    precise = BertFeatures.load(folder, "EN", CPU).features("the light is on.", [1] * 7)
    device = Device("cpu", "int8", "CPU, int8")
    rough = BertFeatures.load(folder, "EN", device).features("the light is on.", [1] * 7)
    cosine = torch.nn.functional.cosine_similarity(precise, rough, dim=0)
    assert cosine.min() > 0.99


def test_a_text_longer_than_the_position_table(folder: Path) -> None:
    text = "the light is on. " * 60
    features = BertFeatures.load(folder, "EN", CPU).features(text, [2] * 302)
    assert features.shape == (768, 604)
    assert torch.isfinite(features).all()


def test_missing_files_are_named(folder: Path) -> None:
    weights = (folder / "pytorch_model.bin").read_bytes()
    (folder / "pytorch_model.bin").unlink()
    with pytest.raises(VoiceFileError, match=r"neither model\.safetensors nor pytorch_model\.bin"):
        BertFeatures.load(folder, "EN", CPU)
    (folder / "pytorch_model.bin").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(VoiceFileError, match="cannot be read as weights"):
        BertFeatures.load(folder, "EN", CPU)
    (folder / "vocab.txt").unlink()
    with pytest.raises(VoiceFileError, match="tokenizer"):
        BertFeatures.load(folder, "EN", CPU)
