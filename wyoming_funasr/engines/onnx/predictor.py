"""FunASR's length predictors (`CifPredictorV2`, `CifPredictorV3`) as ONNX nodes.

They say how much of a token each row is; `engines/cif.py` does the rest.
Source: FunASR, `funasr/models/{paraformer,bicif_paraformer}/cif_predictor.py`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from wyoming_funasr.engines.cif import TIMES_PER_ROW
from wyoming_funasr.engines.onnx.layers import Float32, Layers
from wyoming_serving.errors import ErrorCode, ServiceError


@dataclass(frozen=True)
class CifPredictor:
    """The predictor of a model whose encoder has `channels`."""

    layers: Layers
    channels: int
    config: dict[str, Any]

    def alphas(self, hidden: str) -> tuple[str, str]:
        """The weights of the rows, shape [1, rows, 1], and what they were made from."""
        pads = int(self.config["l_order"]), int(self.config["r_order"])
        kernel = self.layers.weights.take(
            "predictor.cif_conv1d.weight", (self.channels, self.channels, sum(pads) + 1)
        )
        offset = self.layers.weights.take("predictor.cif_conv1d.bias", (self.channels,))
        y = self.layers.graph.add("Relu", self.layers.convolve(hidden, kernel, offset, pads))
        alphas = self._weights(
            y, "predictor.cif_output", self.channels,
            float(self.config.get("smooth_factor", 1.0)),
            float(self.config.get("noise_threshold", 0.0)),
        )  # fmt: skip
        return alphas, y

    @property
    def tells_times(self) -> bool:
        """Whether it has a part from which times come."""
        return self.layers.weights.has("predictor.upsample_cnn.weight")

    def time_alphas(self, hidden: str, convolved: str) -> str:
        """The weights at three times the rate, shape [1, rows x 3, 1].

        Raises:
            ServiceError: they are made in a way that is not known here.
        """
        kind, times = self.config.get("upsample_type", "cnn"), self.config["upsample_times"]
        if kind not in ("cnn", "cnn_blstm") or times != TIMES_PER_ROW:
            raise ServiceError(
                ErrorCode.MODEL_INVALID,
                f"{self.layers.weights.file}: predictor with upsample_type {kind}, upsample_times "
                f"{times}: only cnn or cnn_blstm, {TIMES_PER_ROW}, are known",
            )
        graph, channels = self.layers.graph, self.channels
        x = convolved if self.config.get("use_cif1_cnn", True) else hidden
        # a transposed convolution whose steps do not overlap is one product for each of them
        kernel = self.layers.weights.take("predictor.upsample_cnn.weight", (channels, channels, 3))
        offset = self.layers.weights.take("predictor.upsample_cnn.bias", (channels,))
        matrix = kernel.transpose(0, 2, 1).reshape(channels, -1)
        y = self.layers.product(x, matrix, np.tile(offset, TIMES_PER_ROW))
        y = graph.add("Reshape", y, graph.constant([1, -1, channels], np.int64))
        width = channels
        if kind == "cnn_blstm":
            y = self.layers.lstm(y, "predictor.blstm", 0, channels, channels, bidirectional=True)
            width = 2 * channels
        return self._weights(
            y, "predictor.cif_output2", width,
            float(self.config.get("smooth_factor2", 1.0)),
            float(self.config.get("noise_threshold2", 0.0)),
        )  # fmt: skip

    def _weights(self, x: str, name: str, inputs: int, smooth: float, noise: float) -> str:
        graph = self.layers.graph
        matrix: Float32 = self.layers.weights.take(f"{name}.weight", (1, inputs)).T
        offset = graph.constant(self.layers.weights.take(f"{name}.bias", (1,)))
        product = graph.add("MatMul", x, graph.weight(matrix))
        share = graph.add("Sigmoid", graph.add("Add", product, offset))
        scaled = self.layers.scaled(share, smooth)
        return graph.add("Relu", graph.add("Sub", scaled, graph.constant(noise)))
