"""The demo's SenseVoice: its folder before training, and a forward pass with every output.

`SenseVoiceSmall.forward` of FunASR has the token ids of the published vocabulary built in, so the
training works on its parts: `embed` (queries), `encoder` and `ctc`.
"""

from pathlib import Path
from typing import Any

import torch
import yaml

from training.recognizer.data import MELS, STACKED, STRIDE
from wyoming_funasr.engines import components, sense_voice

_CONFIG = {
    "model": "SenseVoiceSmall",
    "model_conf": {"length_normalized_loss": True, "sos": 1, "eos": 2, "ignore_id": -1},
    "encoder": "SenseVoiceEncoderSmall",
    "encoder_conf": {
        "output_size": 160, "attention_heads": 4, "linear_units": 512, "num_blocks": 7,
        "tp_blocks": 3, "dropout_rate": 0.0, "positional_dropout_rate": 0.0,
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
    for module in model.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    return model, parts.frontend.cmvn


def forward(
    model: Any, sound: torch.Tensor, frames: torch.Tensor, queries: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits [batch, 4 + frames, tokens] of a middle layer and of the last one.

    `sound` has shape [batch, frames, 560], `frames` [batch] and `queries` [batch, 4].
    """
    encoder = model.encoder
    state = torch.cat([model.embed(queries), sound], dim=1) * encoder.output_size() ** 0.5
    state = encoder.embed(state)
    mask = (torch.arange(state.shape[1])[None] < frames[:, None] + QUERIES)[:, None].float()
    for layer in (*encoder.encoders0, *encoder.encoders):
        state, mask = layer(state, mask)[:2]
    middle = state = encoder.after_norm(state)
    for layer in encoder.tp_encoders:
        state, mask = layer(state, mask)[:2]
    return model.ctc.ctc_lo(middle), model.ctc.ctc_lo(encoder.tp_norm(state))
