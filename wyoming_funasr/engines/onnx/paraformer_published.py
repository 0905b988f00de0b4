"""Paraformer on ONNX Runtime, from FunASR's published graphs.

The whole network is one graph; what reads hotwords (contextual Paraformer, SeACo) is another.
Source: FunASR, `export_meta.py` of `funasr/models/{paraformer,bicif_paraformer,
contextual_paraformer,seaco_paraformer}`, and `funasr_onnx/paraformer_bin.py`.
"""

import logging
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument

from wyoming_funasr.engines.base import Place
from wyoming_funasr.engines.cif import Float32
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.onnx.published import open_published, require, sibling
from wyoming_funasr.engines.paraformer import KEPT_HOTWORDS, Decoded, Spelled
from wyoming_funasr.recognition.types import Features
from wyoming_serving.models.onnx_sessions import run

_LOGGER = logging.getLogger(__name__)

_NO_TOKENS = np.zeros((0, 1), np.float32)
_BIAS = "bias_embed"


class ParaformerPublished:
    """The network; each utterance is a run of its own."""

    def __init__(self, folder: ModelFolder, place: Place) -> None:
        published = folder.published_graph
        assert published is not None
        self._session = open_published(place, published)
        require(self._session, published, {"speech", "speech_lengths"}, {"logits", "token_num"})
        self._outputs = [one.name for one in self._session.get_outputs()]
        self._reader = None
        if _BIAS in {one.name for one in self._session.get_inputs()}:
            self._reader = HotwordReader(folder, place)

    @property
    def takes_hotwords(self) -> bool:
        """Whether it listens for hotwords."""
        return self._reader is not None

    def decode(self, batch: Sequence[Features], hotwords: Spelled) -> Iterator[Decoded]:
        """Decode utterances, listening for hotwords."""
        bias = {} if self._reader is None else {_BIAS: self._reader.read(hotwords)}
        for features in batch:
            yield self._decoded(features, bias)

    def _decoded(self, features: Features, bias: dict[str, Float32]) -> Decoded:
        lengths = np.array([len(features)], np.int32)
        inputs = {"speech": features[None], "speech_lengths": lengths, **bias}
        try:
            values = run(self._session, inputs)
        except (Fail, InvalidArgument) as error:
            # where it hears no token at all, the decoder has nothing to decode, and the run fails
            _LOGGER.debug("no tokens: %s", error)
            return Decoded(_NO_TOKENS)
        found: dict[str, Any] = dict(zip(self._outputs, values, strict=True))
        tokens = int(found["token_num"].reshape(-1)[0])
        times = found.get("us_alphas")
        return Decoded(
            found["logits"][0, :tokens], times.reshape(-1) if times is not None else None
        )


class HotwordReader:
    """Makes a vector of each hotword."""

    def __init__(self, folder: ModelFolder, place: Place) -> None:
        file = sibling(folder, "model_eb")
        self._session = open_published(place, file)
        require(self._session, file, {"hotword"}, {"hw_embed"})
        self._start_id = int(folder.section("model_conf").get("sos", 1))
        longest = self._session.get_inputs()[0].shape[1]
        self._longest = longest if isinstance(longest, int) else None
        self.read = lru_cache(KEPT_HOTWORDS)(self._read)

    def _read(self, hotwords: Spelled) -> Float32:
        """Vectors, shape [1, words + 1, channels]; the last one stands for none.

        Words with more tokens than the graph was made for (FunASR's have ten) are left out.
        """
        fitting = [word for word in hotwords if self._longest is None or len(word) <= self._longest]
        words = [*fitting, (self._start_id,)]
        ids = np.zeros((len(words), self._longest or max(map(len, words))), np.int32)
        for row, word in zip(ids, words, strict=True):
            row[: len(word)] = word
        states = run(self._session, {"hotword": ids})[0]
        found: Float32 = states[[len(word) - 1 for word in words], np.arange(len(words))]
        return found[None]
