"""Streaming Paraformer: hears in chunks of 600 ms, and what it has written it never changes.

Source: FunASR, `funasr/models/paraformer_streaming/model.py`, with the chunk sizes that FunASR's
guide gives for the published weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from wyoming_funasr.engines.base import Punctuator
from wyoming_funasr.engines.features import FeatureStacker
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.tokens import settled, spelled_text, written_words
from wyoming_funasr.recognition.ctc import LogProbs
from wyoming_funasr.recognition.text import clean
from wyoming_funasr.recognition.types import Fbank, Features, Recognition, Segment

CHUNK = (0, 10, 5)
"""Rows of 60 ms: before a chunk, in it, and behind it, to look ahead."""

LOOK_BACK_CHUNKS = (4, 1)
"""How many chunks the encoder and the decoder look back."""

_CHUNK_HOPS = 60
_SHORTEST_REST_HOPS = 6
"""What remains behind the last whole chunk is not heard where it is shorter (60 ms)."""

_HOPS_WITHOUT_FRAME = 2
"""A frame looks at 25 ms: audio of n hops (10 ms) has two frames fewer."""

_SILENT = ("<blank>", "<s>", "</s>", "<unk>", "<OOV>")


class StreamingNetwork(Protocol):
    """Encoder, length predictor and decoder of chunks; its states are replaced, never changed."""

    def start(self) -> Any:
        """What is remembered before the first chunk."""

    def hear(
        self, state: Any, rows: Features, *, is_final: bool, is_tail: bool
    ) -> tuple[LogProbs, Any]:
        """Log posteriors of the tokens in the next chunk, and what is remembered behind it.

        Args:
            is_final: Whether this is the last chunk, with which comes what was looked ahead at.
            is_tail: Whether the rows do not count, only what was looked ahead at.
        """


@dataclass(frozen=True)
class _Stream:
    """The beginning of an utterance, recognized."""

    state: Any
    chunks: int = 0
    tokens: tuple[int, ...] = ()
    log_posteriors: tuple[float, ...] = ()


class ParaformerStreaming:
    """Streaming Paraformer in FunASR's format.

    A growing utterance costs only the chunks that are new in it. The confidence is the geometric
    mean of the decoder's posteriors of the emitted tokens.
    """

    def __init__(
        self, folder: ModelFolder, network: StreamingNetwork, punctuation: Punctuator | None
    ) -> None:
        """`punctuation`: writes the marks that the model itself does not, where they are wanted."""
        self._network = network
        self._punctuation = punctuation
        self._stacker = FeatureStacker(folder)
        self.fbank = self._stacker.fbank
        self.tokens = None
        self._tokens = folder.vocabulary
        self._silent = {i for i, token in enumerate(self._tokens) if token in _SILENT}

    def features(self, fbank: Fbank) -> Features:
        """The frames as they are: how the last ones are stacked depends on what follows."""
        return fbank

    def recognize(self, batch: Sequence[Segment]) -> list[Recognition]:
        """Recognize utterances one after the other, each from where its memory ends."""
        return [self._recognize(one) for one in batch]

    def _recognize(self, segment: Segment) -> Recognition:
        hops = len(segment.features) + _HOPS_WITHOUT_FRAME
        whole, rest_hops = divmod(hops, _CHUNK_HOPS)
        rows = self._stacker.features(segment.features, 1)
        stream: _Stream | None = segment.memory.state
        if stream is None or stream.chunks > whole:
            stream = _Stream(self._network.start())
        while stream.chunks < whole:
            start = stream.chunks * CHUNK[1]
            stream = self._heard(stream, rows[start : start + CHUNK[1]])
        if stream.chunks:
            segment.memory.state = stream
        if segment.is_final:
            is_tail = rest_hops < _SHORTEST_REST_HOPS
            rest = rows[whole * CHUNK[1] :]
            stream = self._heard(stream, rest, is_final=True, is_tail=is_tail)
        return self._recognition(stream, segment)

    def _heard(
        self, stream: _Stream, rows: Features, *, is_final: bool = False, is_tail: bool = False
    ) -> _Stream:
        log_probs, state = self._network.hear(
            stream.state, rows, is_final=is_final, is_tail=is_tail
        )
        best = log_probs.argmax(axis=1)
        posteriors = log_probs[np.arange(len(best)), best]
        return _Stream(
            state,
            stream.chunks + 1,
            stream.tokens + tuple(best.tolist()),
            stream.log_posteriors + tuple(posteriors.tolist()),
        )

    def _recognition(self, stream: _Stream, segment: Segment) -> Recognition:
        kept = [i for i, token in enumerate(stream.tokens) if token not in self._silent]
        tokens = [self._tokens[stream.tokens[i]] for i in kept]
        if not segment.is_final:
            tokens = settled(tokens)
        if not tokens:
            return Recognition()
        text = spelled_text(written_words(tokens))
        if self._punctuation is not None and segment.use_itn and segment.is_final:
            text = self._punctuation.punctuate(text)
        return Recognition(
            text=clean(text),
            confidence=float(np.exp(np.mean([stream.log_posteriors[i] for i in kept]))),
            is_settled=not segment.is_final,
        )
