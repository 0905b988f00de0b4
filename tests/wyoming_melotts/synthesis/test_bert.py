"""BERT features equal upstream's, whatever form the published weights have."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.wyoming_melotts.golden import assert_close, golden, read_arrays, read_json
from tests.wyoming_melotts.recorded_weights import bert_tensor
from wyoming_melotts.synthesis.acoustic.config import VoiceFileError
from wyoming_melotts.synthesis.arrays import Floats
from wyoming_melotts.synthesis.bert.features import BertFeatures, read_tokenizer
from wyoming_melotts.synthesis.bert.onnx import OnnxBert
from wyoming_melotts.synthesis.bert.torch import Bert, TorchBert
from wyoming_serving.devices import Device

CPU = Device("cpu", "float32", "CPU, float32")
Loader = Callable[..., BertFeatures]

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


@pytest.fixture(params=["torch", "onnx"])
def load(request: pytest.FixtureRequest, tmp_path: Path) -> Loader:
    """Loads a folder in float32 with one of the back-ends."""

    def load_with(folder: Path, key: str = "EN") -> BertFeatures:
        tokenizer = read_tokenizer(folder, key)
        if request.param == "torch":
            return BertFeatures(TorchBert(Bert.load(folder), CPU), tokenizer)
        return BertFeatures(load_onnx(folder, tmp_path), tokenizer)

    return load_with


def load_onnx(folder: Path, cache_dir: Path, *, int8: bool = False) -> OnnxBert:
    return OnnxBert.load(folder, cache_dir / "cache", threads=1, int8=int8)


@pytest.mark.parametrize("index", range(8))
def test_features_equal_upstream(
    index: int, load: Loader, recorded: dict[str, Any], tmp_path: Path
) -> None:
    case = recorded["cases"][index]
    key = LANGUAGE_KEYS.get(case["language"], case["language"])
    bert = load(write_bert(tmp_path / "bert", recorded, case["mini_vocab"]), key)
    assert bert.tokenizer.encode(case["norm_text"]) == case["input_ids"]
    features = bert.features(case["norm_text"], case["word2ph"])
    assert_close(features.T, read_arrays("bert", "features.npz")[case["key"]], "features")


@pytest.fixture
def folder(recorded: dict[str, Any], tmp_path: Path) -> Path:
    return write_bert(tmp_path / "bert", recorded, "bert-base-uncased.mini_vocab.txt")


def test_other_forms_of_the_same_weights(folder: Path, load: Loader) -> None:
    def features() -> Floats:
        return load(folder).features("the light is on.", [1] * 7)

    expected = features()
    state = torch.load(folder / "pytorch_model.bin", weights_only=True)
    torch.save(state, folder / "pytorch_model.bin", _use_new_zipfile_serialization=False)
    assert np.array_equal(features(), expected)
    old_names = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor
        for name, tensor in state.items()
    }
    (folder / "pytorch_model.bin").unlink()
    save_file(old_names, folder / "model.safetensors")
    assert np.array_equal(features(), expected)
    bare = {name.removeprefix("bert."): tensor for name, tensor in state.items()}
    save_file(bare, folder / "model.safetensors")
    assert np.array_equal(features(), expected)


def test_int8_is_near_float32(folder: Path, tmp_path: Path) -> None:
    tokenizer = read_tokenizer(folder, "EN")
    precise, rough = (
        BertFeatures(load_onnx(folder, tmp_path, int8=int8), tokenizer).features(
            "the light is on.", [1] * 7
        )
        for int8 in (False, True)
    )
    lengths = np.linalg.norm(precise, axis=1) * np.linalg.norm(rough, axis=1)
    assert ((precise * rough).sum(axis=1) / lengths).min() > 0.99


def test_float16_is_near_float32(folder: Path) -> None:
    ids = np.arange(100, dtype=np.int64) % 20
    full, half = (
        TorchBert(Bert.load(folder), device).encode(ids)
        for device in (CPU, Device("cpu", "float16", "CPU, float16"))
    )
    np.testing.assert_allclose(half, full, atol=0.02)


def test_a_text_longer_than_the_position_table(folder: Path, load: Loader) -> None:
    text = "the light is on. " * 60
    features = load(folder).features(text, [2] * 302)
    assert features.shape == (604, 768)
    assert np.isfinite(features).all()


def test_missing_files_are_named(folder: Path, load: Loader) -> None:
    weights = (folder / "pytorch_model.bin").read_bytes()
    (folder / "pytorch_model.bin").unlink()
    with pytest.raises(VoiceFileError, match=r"neither model\.safetensors nor pytorch_model\.bin"):
        load(folder)
    (folder / "pytorch_model.bin").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(VoiceFileError, match="cannot be read"):
        load(folder)
    (folder / "model.safetensors").write_bytes(weights)
    with pytest.raises(VoiceFileError, match="cannot be read"):
        load(folder)
    (folder / "vocab.txt").unlink()
    with pytest.raises(VoiceFileError, match="tokenizer"):
        load(folder)
