"""Streaming Paraformer as FunASR's torch modules.

Model calls as in FunASR, `funasr/models/paraformer_streaming/model.py` (`inference` with
`generate_chunk`).
"""

import copy
from pathlib import Path
from typing import Any

import torch

from wyoming_funasr.engines.base import Place, Punctuator
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.paraformer_streaming import CHUNK, LOOK_BACK_CHUNKS, ParaformerStreaming
from wyoming_funasr.engines.torch.components import build, precision
from wyoming_funasr.recognition.ctc import LogProbs
from wyoming_funasr.recognition.types import Features
from wyoming_serving.devices import Device

MODULES = (
    "funasr.models.paraformer_streaming.model",
    "funasr.models.paraformer.cif_predictor",
    "funasr.models.paraformer.decoder",
    "funasr.models.scama.encoder",
    "funasr.models.specaug.specaug",
    "funasr.frontends.wav_frontend",
    "funasr.tokenizer.char_tokenizer",
)
STREAMING = {
    "chunk_size": list(CHUNK),
    "encoder_chunk_look_back": LOOK_BACK_CHUNKS[0],
    "decoder_chunk_look_back": LOOK_BACK_CHUNKS[1],
}


def load(folder: ModelFolder, place: Place, punctuation: Punctuator | None) -> ParaformerStreaming:
    """The engine.

    Raises:
        ServiceError: the folder is not a streaming Paraformer model.
    """
    return ParaformerStreaming(folder, StreamingTorch(folder.path, place.device), punctuation)


class StreamingTorch:
    """The network.

    Its predictor of tokens stays on the CPU, where its few numbers are looked at one by one: a GPU
    would be waited for at each of them.
    """

    def __init__(self, folder: Path, device: Device) -> None:
        parts = build(folder, MODULES, device)
        parts.model.predictor.cpu()
        self._model = parts.model
        self._settings = parts.config | STREAMING
        self._device = device

    def start(self) -> Any:
        """What is remembered before the first chunk."""
        caches = self._model.init_cache({}, **self._settings)
        caches["encoder"]["feats"] = caches["encoder"]["feats"].to(self._device.torch_name)
        return caches

    @torch.inference_mode()
    def hear(
        self, state: Any, rows: Features, *, is_final: bool, is_tail: bool
    ) -> tuple[LogProbs, Any]:
        """Log posteriors of the tokens in the next chunk, and what is remembered behind it."""
        caches = copy.deepcopy(state)
        caches["encoder"]["tail_chunk"] = is_tail
        # the encoder scales its input in place
        speech = torch.from_numpy(rows[None].copy()).to(self._device.torch_name)
        with precision(self._device):
            encoded, lengths = self._model.encode_chunk(
                speech, torch.tensor([len(rows)]), cache=caches
            )
        acoustic, counts, *_ = self._model.calc_predictor_chunk(
            encoded.float().cpu(), lengths, cache=caches, is_final=is_final
        )
        if int(counts.max()) < 1:
            return torch.zeros(0, 1).numpy(), caches
        with precision(self._device):
            log_probs, _ = self._model.cal_decoder_with_predictor_chunk(
                encoded, lengths, acoustic.to(self._device.torch_name), counts, cache=caches
            )
        return log_probs[0].float().cpu().numpy(), caches
