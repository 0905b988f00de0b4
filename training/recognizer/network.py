"""The demo's SenseVoice: its folder before training, and a forward pass with every output.

`SenseVoiceSmall.forward` of FunASR has the token ids of the published vocabulary built in, so the
training works on its parts: `embed` (queries), `encoder` and `ctc`.
"""

from pathlib import Path
from typing import Any

import torch
import yaml

from training.recognizer.data import MELS, STACKED, STRIDE
from wyoming_funasr.engines.torch import components, sense_voice

_CONFIG = {
    "model": "SenseVoiceSmall",
    "model_conf": {"length_normalized_loss": True, "sos": 1, "eos": 2, "ignore_id": -1},
    "encoder": "SenseVoiceEncoderSmall",
    "encoder_conf": {
        "output_size": 192, "attention_heads": 4, "linear_units": 768, "num_blocks": 10,
        "tp_blocks": 3, "dropout_rate": 0.1, "positional_dropout_rate": 0.0,
        "attention_dropout_rate": 0.0, "input_layer": "pe",
        "pos_enc_class": "SinusoidalPositionEncoder", "normalize_before": True, "kernel_size": 11,
        "sanm_shfit": 0, "selfattention_layer_type": "sanm",
    },
    "tokenizer": "SentencepiecesTokenizer",
    "tokenizer_conf": {"bpemodel": None, "unk_symbol": "<unk>", "split_with_space": True},
    "frontend": "WavFrontend",
    "frontend_conf": {
        "fs": 16000, "window": "hamming", "n_mels": MELS, "frame_length": 25, "frame_shift": 10,
        "lfr_m": STACKED, "lfr_n": STRIDE,
    },
}  # fmt: skip
_MIDDLE = 6
"""Tenths of the first stack of layers after which phones should be heard."""
QUERIES = 4
"""Language, event, emotion and text normalization go before the sound."""


def write_description(folder: Path, mean: torch.Tensor, deviation: torch.Tensor) -> None:
    """`config.yaml` and `am.mvn`, which holds the mean and deviation of each mel (shape [80])."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(_CONFIG), "utf-8")
    channels = MELS * STACKED
    shift = " ".join(f"{value:.4f}" for value in (-mean).repeat(STACKED).tolist())
    scale = " ".join(f"{value:.5f}" for value in (1 / deviation).repeat(STACKED).tolist())
    lines = [
        "<Nnet>", f"<Splice> {channels} {channels}", "[ 0 ]",
        f"<AddShift> {channels} {channels}", f"<LearnRateCoef> 0 [ {shift} ]",
        f"<Rescale> {channels} {channels}", f"<LearnRateCoef> 0 [ {scale} ]", "</Nnet>",
    ]  # fmt: skip
    (folder / "am.mvn").write_text("\n".join(lines) + "\n", "utf-8")


def create(folder: Path, seed: int) -> tuple[Any, torch.Tensor]:
    """The model that `folder` describes, of random weights, and the normalization [2, 560]."""
    torch.manual_seed(seed)
    parts = components.create(folder, sense_voice.MODULES)
    model = parts.model.to_empty(device="cpu")
    for module in list(model.modules()):
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
        for name, child in module.named_children():
            if isinstance(child, torch.nn.Dropout):
                setattr(module, name, QuickDropout(child.p))
    return model, parts.frontend.cmvn


class QuickDropout(torch.nn.Module):
    """Dropout that draws eight values from each random number, as a CPU draws them slowly.

    PyTorch's own takes a fifth of a training step. `share` is rounded to 1/256.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self._dropped = round(share * 256)

    def forward(self, state: torch.Tensor) -> torch.Tensor:
        if not self.training or not self._dropped:
            return state
        drawn = torch.empty(-(-state.numel() // 8), dtype=torch.int64).random_(-(2**63), None)
        kept = drawn.view(torch.uint8)[: state.numel()].view_as(state) >= self._dropped
        return state * kept.to(state.dtype).mul_(256 / (256 - self._dropped))


class PhoneHead(torch.nn.Module):
    """What the middle layer hears, two phones for each 60 ms frame; used in training alone.

    Phones come up to twice as fast as the network's frames, so that one a frame would not do.
    """

    PER_FRAME = 2

    def __init__(self, width: int, phones: int) -> None:
        super().__init__()
        self._phones = phones
        self._linear = torch.nn.Linear(width, self.PER_FRAME * phones)

    def forward(self, middle: torch.Tensor) -> torch.Tensor:
        """Logits [batch, 2 * frames, phones] of a state [batch, frames, width]."""
        logits: torch.Tensor = self._linear(middle)
        return logits.reshape(len(middle), -1, self._phones)


def forward(
    model: Any, sound: torch.Tensor, frames: torch.Tensor, queries: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The middle layer's state and the logits, both [batch, 4 + frames, ...].

    `sound` has shape [batch, frames, 560], `frames` [batch] and `queries` [batch, 4].
    """
    encoder = model.encoder
    state = torch.cat([model.embed(queries), sound], dim=1) * encoder.output_size() ** 0.5
    state = encoder.embed(state)
    mask = (torch.arange(state.shape[1])[None] < frames[:, None] + QUERIES)[:, None].float()
    layers = (*encoder.encoders0, *encoder.encoders)
    middle = state
    for number, layer in enumerate(layers, start=1):
        state, mask = layer(state, mask)[:2]
        if number == _MIDDLE * len(layers) // 10:
            middle = state
    state = encoder.after_norm(state)
    for layer in encoder.tp_encoders:
        state, mask = layer(state, mask)[:2]
    return middle, model.ctc.ctc_lo(encoder.tp_norm(state))
