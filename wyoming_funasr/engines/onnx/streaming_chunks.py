"""What happens to the chunks of streaming Paraformer beside its graphs.

Source: FunASR, `funasr/models/paraformer/cif_predictor.py` (`forward_chunk`) and
`funasr/models/transformer/embedding.py` (`StreamSinusoidalPositionEncoder`).
"""

from dataclasses import replace

import numpy as np

from wyoming_funasr.engines.cif import Float32, Integrator
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.paraformer_streaming import CHUNK


class ChunkIntegration:
    """From a chunk's rows to the tokens that fire in it."""

    def __init__(self, folder: ModelFolder, before: int) -> None:
        """`before`: rows at the beginning of each chunk that were in the chunk before as well."""
        predictor = folder.section("predictor_conf")
        self._before = before
        self._threshold = float(predictor.get("threshold", 1.0))
        self._tail = np.float32(predictor.get("tail_threshold", 0.0))

    def tokens(
        self, integrator: Integrator, hidden: Float32, alphas: Float32, *, is_final: bool
    ) -> tuple[list[Float32], Integrator]:
        """The vectors of the tokens; rows ahead count with the next chunk, or at the end."""
        alphas[: self._before] = 0
        if is_final:
            hidden = np.concatenate([hidden, np.zeros((1, hidden.shape[1]), np.float32)])
            alphas = np.append(alphas, self._tail)
        else:
            alphas[self._before + CHUNK[1] :] = 0
        integrator = replace(integrator)
        return integrator.fire(hidden, alphas, self._threshold), integrator


def placed(rows: Float32, channels: int, start: int) -> Float32:
    """Rows as an encoder of `channels` takes them: scaled, plus sinusoids of their positions.

    `start` rows of the utterance come before; see `Layers.positions`.
    """
    half = rows.shape[1] // 2
    step = np.log(np.float32(10_000)) / np.float32(half - 1)
    frequencies = np.exp(np.arange(half, dtype=np.float32) * -step)
    angles = np.arange(start + 1, start + 1 + len(rows), dtype=np.float32)[:, None] * frequencies
    waves = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    found: Float32 = rows * np.float32(channels**0.5) + waves
    return found
