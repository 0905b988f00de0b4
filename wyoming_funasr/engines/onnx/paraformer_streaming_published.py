"""Streaming Paraformer on ONNX Runtime, from FunASR's published graphs.

These look at some rows before each chunk once more, where a checkpoint's layers remember keys and
values of several chunks; so the two forms of the same weights may write different text.
Source: FunASR, `funasr/models/paraformer_streaming/export_meta.py` and
`runtime/python/onnxruntime/funasr_onnx/paraformer_online_bin.py`.
"""

from dataclasses import dataclass, replace

import numpy as np

from wyoming_funasr.engines.base import Place
from wyoming_funasr.engines.cif import Float32, Integrator
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.onnx.published import open_published, require, sibling
from wyoming_funasr.engines.onnx.streaming_chunks import ChunkIntegration, placed
from wyoming_funasr.engines.paraformer_streaming import CHUNK
from wyoming_funasr.recognition.ctc import LogProbs
from wyoming_funasr.recognition.types import Features
from wyoming_serving.models.onnx_sessions import run

_BEFORE = 5
"""Rows before a chunk that are looked at once more."""

_NO_TOKENS = np.zeros((0, 1), np.float32)
_MEMORY = "in_cache_"


@dataclass(frozen=True)
class PublishedState:
    """What is remembered between chunks."""

    rows: int
    """How many rows were heard."""
    recent: Float32
    """The last rows, before the next chunk and ahead of the last one, shape [rows, features]."""
    memories: tuple[Float32, ...]
    """Inputs of the decoder's FSMN memories, each of shape [1, channels, tokens]."""
    integrator: Integrator


class StreamingPublished:
    """The network."""

    def __init__(self, folder: ModelFolder, place: Place) -> None:
        published = folder.published_graph
        assert published is not None
        self._encoder = open_published(place, published)
        require(
            self._encoder, published, {"speech", "speech_lengths"}, {"enc", "enc_len", "alphas"}
        )
        file = sibling(folder, "decoder")
        self._decoder = open_published(place, file)
        embeds = {"acoustic_embeds", "acoustic_embeds_len"}
        require(self._decoder, file, {"enc", "enc_len", *embeds}, {"logits", "sample_ids"})
        self._channels = int(folder.section("encoder_conf")["output_size"])
        memories = [one for one in self._decoder.get_inputs() if one.name.startswith(_MEMORY)]
        self._memories = {one.name: np.zeros((1, *one.shape[1:]), np.float32) for one in memories}
        self._integration = ChunkIntegration(folder, before=_BEFORE)

    def start(self) -> PublishedState:
        """What is remembered before the first chunk."""
        features = self._encoder.get_inputs()[0].shape[-1]
        return PublishedState(
            0,
            np.zeros((_BEFORE + CHUNK[2], features), np.float32),
            tuple(self._memories.values()),
            Integrator(0.0, np.zeros(self._channels, np.float32)),
        )

    def hear(
        self, state: PublishedState, rows: Features, *, is_final: bool, is_tail: bool
    ) -> tuple[LogProbs, PublishedState]:
        """Log posteriors of the tokens in the next chunk, and what is remembered behind it."""
        new = placed(rows, self._channels, state.rows)
        heard = state.recent if is_tail else np.concatenate([state.recent, new])
        lengths = np.array([len(heard)], np.int32)
        hidden, hidden_lengths, alphas = run(
            self._encoder, {"speech": heard[None], "speech_lengths": lengths}
        )
        tokens, integrator = self._integration.tokens(
            state.integrator, hidden[0], alphas.reshape(-1), is_final=is_final
        )
        state = replace(
            state,
            rows=state.rows + len(rows),
            recent=heard[-(_BEFORE + CHUNK[2]) :],
            integrator=integrator,
        )
        if not tokens:
            return _NO_TOKENS, state
        logits, _, *memories = run(
            self._decoder,
            {
                "enc": hidden,
                "enc_len": hidden_lengths,
                "acoustic_embeds": np.stack(tokens)[None],
                "acoustic_embeds_len": np.array([len(tokens)], np.int32),
                **dict(zip(self._memories, state.memories, strict=True)),
            },
        )
        shapes = (memory.shape[-1] for memory in self._memories.values())
        kept = (new[..., -size:] for new, size in zip(memories, shapes, strict=True))
        found: LogProbs = logits[0] - np.logaddexp.reduce(logits[0], axis=-1, keepdims=True)
        return found, replace(state, memories=tuple(kept))
