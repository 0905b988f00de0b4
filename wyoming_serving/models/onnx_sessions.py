"""Running ONNX graphs on a CPU."""

from pathlib import Path
from typing import Any

import onnxruntime

from wyoming_serving.errors import ErrorCode, ServiceError

_ERRORS_ONLY = 3


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
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False
    options.log_severity_level = _ERRORS_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's exceptions have no common class of their own
        raise ServiceError(
            ErrorCode.MODEL_INVALID, f"{file} cannot be run: {' '.join(str(error).split())[:300]}"
        ) from None


def run(session: onnxruntime.InferenceSession, inputs: dict[str, Any]) -> list[Any]:
    """Every output of a graph for these inputs."""
    found: list[Any] = session.run(None, inputs)
    return found
