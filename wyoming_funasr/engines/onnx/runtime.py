"""How networks become sessions: their graphs are taken from the cache, or made anew."""

from collections.abc import Callable, Sequence
from pathlib import Path

import onnxruntime
from onnxruntime import InferenceSession

from wyoming_funasr.engines.base import Place
from wyoming_serving import onnx_reader
from wyoming_serving.cpu_features import kernels
from wyoming_serving.models import checkpoints, int8_weights, onnx_files, onnx_graphs, onnx_sessions
from wyoming_serving.models.onnx_cache import open_made_graph

GraphWriter = Callable[[Path, int | None], None]
"""Writes a graph into a folder; with the `largest_pair` of quantized weights, or None."""

_MODULES = (checkpoints, int8_weights, onnx_files, onnx_graphs, onnx_reader, onnx_sessions)
_CODE = [
    *Path(__file__).parent.glob("*.py"),
    *(Path(module.__file__) for module in _MODULES if module.__file__),
]


def open_network(
    place: Place, sources: Sequence[Path], name: str, write: GraphWriter
) -> InferenceSession:
    """The network `name` of the model in the files `sources`, ready to run.

    Raises:
        ServiceError: the files are not a model that this network can hold.
    """
    largest = int8_weights.largest_pair() if place.device.precision == "int8" else None
    return open_made_graph(
        place.cache_dir,
        sources,
        name,
        f"int8, pairs up to {largest}, ONNX Runtime {onnxruntime.__version__} on {kernels()}",
        _CODE,
        lambda folder: write(folder, largest),
        place.threads,
    )
