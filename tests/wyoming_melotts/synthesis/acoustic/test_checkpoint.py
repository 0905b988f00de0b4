"""Voice files that are wrong say how."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.wyoming_melotts.synthesis.acoustic.backends import BACKENDS, load_voice
from tests.wyoming_melotts.tiny_voice import make_voice
from wyoming_melotts.synthesis.acoustic.config import AcousticConfig, VoiceFileError
from wyoming_melotts.synthesis.acoustic.weights import fuse_weight_norm


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    return make_voice(tmp_path / "voice")


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def edit_config(voice: Path, section: str, key: str, value: object) -> None:
    path = voice / "config.json"
    content = json.loads(path.read_text())
    (content[section] if section else content)[key] = value
    path.write_text(json.dumps(content))


def edit_checkpoint(voice: Path, name: str, tensor: torch.Tensor | None) -> None:
    path = voice / "checkpoint.pth"
    content = torch.load(path, weights_only=True)
    if tensor is None:
        del content["model"][name]
    else:
        content["model"][name] = tensor
    torch.save(content, path)


def test_fused_weights_are_what_torch_computes() -> None:
    with pytest.warns(FutureWarning):
        layer = torch.nn.utils.weight_norm(torch.nn.ConvTranspose1d(6, 4, 8, 2))
    direction, length = layer.get_parameter("weight_v"), layer.get_parameter("weight_g")
    length.data.uniform_(0.5, 2)
    layer(torch.zeros(1, 6, 3))
    fused = fuse_weight_norm(direction.detach().numpy(), length.detach().numpy())
    np.testing.assert_allclose(fused, layer.weight.detach().numpy(), atol=1e-6)


def test_a_missing_tensor_is_named(backend: str, voice: Path) -> None:
    edit_checkpoint(voice, "flow.flows.2.pre.bias", None)
    with pytest.raises(VoiceFileError, match=r"missing: flow\.flows\.2\.pre\.bias"):
        load_voice(backend, voice, voice.parent / "cache")


def test_an_unknown_tensor_is_named(backend: str, voice: Path) -> None:
    edit_checkpoint(voice, "dec.extra.weight", torch.zeros(1))
    with pytest.raises(VoiceFileError, match=r"unknown: dec\.extra\.weight"):
        load_voice(backend, voice, voice.parent / "cache")


def test_another_shape_is_named(backend: str, voice: Path) -> None:
    edit_checkpoint(voice, "dp.proj.bias", torch.zeros(2))
    with pytest.raises(VoiceFileError, match=r"shape: dp\.proj\.bias \[2\], wanted \[1\]"):
        load_voice(backend, voice, voice.parent / "cache")


def test_training_tensors_are_left_out(backend: str, voice: Path) -> None:
    edit_checkpoint(voice, "enc_q.pre.bias", torch.zeros(3))
    edit_checkpoint(voice, "sdp.post_pre.bias", torch.zeros(3))
    edit_checkpoint(voice, "sdp.flows.1.proj.bias", torch.zeros(3))
    load_voice(backend, voice, voice.parent / "cache")


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04broken"])
def test_a_broken_checkpoint(backend: str, voice: Path, content: bytes) -> None:
    (voice / "checkpoint.pth").write_bytes(content)
    with pytest.raises(VoiceFileError, match=r"checkpoint\.pth cannot be read"):
        load_voice(backend, voice, voice.parent / "cache")


def test_code_in_a_checkpoint_does_not_run(backend: str, voice: Path) -> None:
    torch.save({"model": {"x": Path("harmful")}}, voice / "checkpoint.pth")
    with pytest.raises(VoiceFileError, match="cannot be read"):
        load_voice(backend, voice, voice.parent / "cache")


def test_another_dictionary_is_no_checkpoint(backend: str, voice: Path) -> None:
    torch.save({"state": {}}, voice / "checkpoint.pth")
    with pytest.raises(VoiceFileError, match="no entry model"):
        load_voice(backend, voice, voice.parent / "cache")


@pytest.mark.parametrize(
    ("section", "key", "value", "complaint"),
    [
        ("model", "resblock", "2", "model.resblock is '2'; this runtime computes '1'"),
        ("model", "use_transformer_flow", False, "use_transformer_flow"),
        ("model", "upsample_rates", [8, 8], "must multiply to hop_length"),
        ("data", "spk2id", {}, "names no speaker"),
        ("data", "spk2id", {"EN-US": 256}, "speaker EN-US has id 256"),
        ("data", "sampling_rate", "fast", "fast"),
        ("", "model", {}, "has no key"),
        ("", "model", None, "config.json"),
    ],
)
def test_a_config_that_does_not_fit(
    voice: Path, section: str, key: str, value: object, complaint: str
) -> None:
    edit_config(voice, section, key, value)
    with pytest.raises(VoiceFileError, match=complaint):
        AcousticConfig.read(voice / "config.json")


def test_a_config_that_is_not_json(voice: Path) -> None:
    (voice / "config.json").write_text("{")
    with pytest.raises(VoiceFileError, match="cannot be read as JSON"):
        AcousticConfig.read(voice / "config.json")
    (voice / "config.json").unlink()
    with pytest.raises(VoiceFileError, match="cannot be read as JSON"):
        AcousticConfig.read(voice / "config.json")
