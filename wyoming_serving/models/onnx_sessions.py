"""Running ONNX graphs on a CPU."""

from pathlib import Path
from typing import Any

import onnxruntime

from wyoming_serving.errors import ErrorCode, ServiceError

_ERRORS_ONLY = 3
_SMALL_BYTES = 1024


def open_session(file: Path, threads: int) -> onnxruntime.InferenceSession:
    """A session for a graph whose weights lie in a file beside it.

    Weights are mapped into memory and packed one after the other for the kernels of this CPU, so
    that loading holds little more than one copy of them. Threads that wait sleep: one that spins
    would take a core from the rest of the house. Audio of any length makes tensors of any size,
    for which a plan of memory would be one for each length.

    Args:
        threads: Cores that work on one run; other runs of the session may go on beside it.

    Raises:
        ServiceError: `model-invalid`: the file is not a graph that this runtime can run.
    """
    return _open(file, _options(threads))


def write_optimized(file: Path, graph: Path, weights: str) -> None:
    """Write a graph as the runtime runs it, with its weights in a file `weights` beside it.

    A session of a graph with thousands of nodes opens in half the time then. What is written fits
    this version of the runtime and this CPU; what depends on the layout of data in memory is left
    to `open_session`.

    Raises:
        ServiceError: `model-invalid`: the file is not a graph that this runtime can run, or what
            it becomes cannot be written.
    """
    options = _options(threads=1)
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(graph)
    prefix = "session.optimized_model_external_initializers"
    options.add_session_config_entry(f"{prefix}_file_name", weights)
    options.add_session_config_entry(f"{prefix}_min_size_in_bytes", str(_SMALL_BYTES))
    _open(file, options)


def run(session: onnxruntime.InferenceSession, inputs: dict[str, Any]) -> list[Any]:
    """Every output of a graph for these inputs."""
    found: list[Any] = session.run(None, inputs)
    return found


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False
    options.log_severity_level = _ERRORS_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _open(file: Path, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's exceptions have no common class of their own
        raise ServiceError(
            ErrorCode.MODEL_INVALID, f"{file} cannot be run: {' '.join(str(error).split())[:300]}"
        ) from None
