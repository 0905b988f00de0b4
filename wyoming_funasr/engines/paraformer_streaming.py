"""Streaming Paraformer: hears in chunks of 600 ms, and what it has written it never changes.

Model calls as in FunASR, `funasr/models/paraformer_streaming/model.py` (`inference` with
`generate_chunk`), with the chunk sizes that FunASR's guide gives for the published weights.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from wyoming_funasr.engines.features import FeatureStacker
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.punctuation import Punctuation
from wyoming_funasr.engines.torch.components import build
from wyoming_funasr.recognition.text import clean
from wyoming_funasr.recognition.types import Fbank, Features, Recognition, Segment
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
    "chunk_size": [0, 10, 5],
    "encoder_chunk_look_back": 4,
    "decoder_chunk_look_back": 1,
}
"""In rows of 60 ms: nothing before a chunk, 10 in it, 5 to look ahead; then chunks to look back."""

_CHUNK_ROWS = 10
_CHUNK_HOPS = 60
_SHORTEST_REST_HOPS = 6
"""What remains behind the last whole chunk is not heard where it is shorter (60 ms)."""

_HOPS_WITHOUT_FRAME = 2
"""A frame looks at 25 ms: audio of n hops (10 ms) has two frames fewer."""


@dataclass
class _Stream:
    """The beginning of an utterance, recognized. Shared ones are replaced, never changed."""

    caches: dict[str, Any]
    chunks: int = 0
    tokens: list[int] = field(default_factory=list)
    log_posteriors: list[float] = field(default_factory=list)


class ParaformerStreaming:
    """Streaming Paraformer in FunASR's format.

    A growing utterance costs only the chunks that are new in it. The confidence is the geometric
    mean of the decoder's posteriors of the emitted tokens.
    """

    def __init__(self, folder: Path, device: Device, punctuation: Punctuation | None) -> None:
        """`punctuation`: writes the marks that the model itself does not, where they are wanted."""
        parts = build(folder, MODULES, device)
        self._model = parts.model
        self._settings = parts.config | STREAMING
        self._stacker = FeatureStacker(ModelFolder(folder))
        self.fbank = self._stacker.fbank
        self._tokenizer = parts.tokenizer
        self._punctuation = punctuation
        self._device = device.torch_name
        self._dtype = next(parts.model.parameters()).dtype

    def features(self, fbank: Fbank) -> Features:
        """The frames as they are: how the last ones are stacked depends on what follows."""
        return fbank

    @torch.inference_mode()
    def recognize(self, batch: Sequence[Segment]) -> list[Recognition]:
        """Recognize utterances one after the other, each from where its memory ends."""
        return [self._recognize(one) for one in batch]

    def _recognize(self, utterance: Segment) -> Recognition:
        hops = len(utterance.features) + _HOPS_WITHOUT_FRAME
        whole, rest_hops = divmod(hops, _CHUNK_HOPS)
        rows = torch.from_numpy(self._stacker.features(utterance.features, 1))
        rows = rows.to(self._device, self._dtype)
        stream: _Stream | None = utterance.memory.state
        if stream is None or stream.chunks > whole:
            stream = self._begin()
        if stream.chunks < whole:
            stream = copy.deepcopy(stream)
            for start in range(stream.chunks * _CHUNK_ROWS, whole * _CHUNK_ROWS, _CHUNK_ROWS):
                self._hear(stream, rows[start : start + _CHUNK_ROWS], is_final=False)
            utterance.memory.state = stream
        if utterance.is_final:
            stream = copy.deepcopy(stream)
            rest = rows[whole * _CHUNK_ROWS :]
            stream.caches["encoder"]["tail_chunk"] = rest_hops < _SHORTEST_REST_HOPS
            self._hear(stream, rest, is_final=True)
        return self._recognition(stream, utterance)

    def _begin(self) -> _Stream:
        caches = self._model.init_cache({}, **self._settings)
        caches["encoder"]["feats"] = caches["encoder"]["feats"].to(self._device, self._dtype)
        return _Stream(caches)

    def _hear(self, stream: _Stream, rows: torch.Tensor, *, is_final: bool) -> None:
        """Recognize the next chunk; with the last one, what the encoder looked ahead at as well."""
        # the encoder scales its input in place
        encoded, lengths = self._model.encode_chunk(
            rows[None].clone(), torch.tensor([len(rows)]), cache=stream.caches
        )
        acoustic, counts, *_ = self._model.calc_predictor_chunk(
            encoded, lengths, cache=stream.caches, is_final=is_final
        )
        stream.chunks += 1
        if int(counts.max()) < 1:
            return
        log_probs, _ = self._model.cal_decoder_with_predictor_chunk(
            encoded, lengths, acoustic.to(self._dtype), counts, cache=stream.caches
        )
        best = log_probs[0].float().max(dim=-1)
        stream.tokens += best.indices.tolist()
        stream.log_posteriors += best.values.tolist()

    def _recognition(self, stream: _Stream, utterance: Segment) -> Recognition:
        from funasr.utils.postprocess_utils import sentence_postprocess

        special = {self._model.blank_id, self._model.sos, self._model.eos}
        kept = [i for i, token in enumerate(stream.tokens) if token not in special]
        tokens = self._tokenizer.ids2tokens([stream.tokens[i] for i in kept])
        if not utterance.is_final:
            tokens = _settled(tokens)
        if not tokens:
            return Recognition()
        text = str(sentence_postprocess(list(tokens))[0])
        if self._punctuation is not None and utterance.use_itn and utterance.is_final:
            text = self._punctuation.punctuate(text)
        log_posteriors = torch.tensor([stream.log_posteriors[i] for i in kept])
        return Recognition(
            text=clean(text),
            confidence=float(log_posteriors.mean().exp()),
            is_settled=not utterance.is_final,
        )


def _settled(tokens: list[str]) -> list[str]:
    """Tokens without the last that are written otherwise when more of their word follows.

    Those are the beginnings of words (`ki@@`) and single letters (of `u s b` becomes `USB`).
    """
    count = len(tokens)
    while count and _is_open(tokens[count - 1]):
        count -= 1
    return tokens[:count]


def _is_open(token: str) -> bool:
    return token.endswith("@@") or (len(token) == 1 and token.isascii() and token.isalpha())
