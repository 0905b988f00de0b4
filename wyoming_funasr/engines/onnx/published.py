"""FunASR's published ONNX files, as they are run here."""

import logging
import os
import tempfile
from pathlib import Path

from onnxruntime import InferenceSession

from wyoming_funasr.engines.base import Place
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.onnx.runtime import open_network
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.models.int8_weights import has_exact_signed_products
from wyoming_serving.models.onnx_cache import GRAPH, WEIGHTS
from wyoming_serving.models.onnx_files import unpack
from wyoming_serving.models.onnx_sessions import write_optimized

_LOGGER = logging.getLogger(__name__)


def write_published(file: Path, target: Path, log_softmax_of: str | None = None) -> None:
    """Write a published file's graph into the folder `target`, optimized where that succeeds.

    Raises:
        ServiceError: the file is not an ONNX graph.
    """
    signed = has_exact_signed_products()
    unpack(file, target / GRAPH, target / WEIGHTS, signed=signed, log_softmax_of=log_softmax_of)
    with tempfile.TemporaryDirectory(dir=target) as folder:
        try:
            write_optimized(target / GRAPH, Path(folder) / GRAPH, WEIGHTS)
        except ServiceError as error:  # a full disk, say: it runs as it is, which starts slowly
            _LOGGER.info("%s is not kept optimized: %s", file, error.text)
        else:
            for name in (GRAPH, WEIGHTS):
                os.replace(Path(folder) / name, target / name)


def open_published(place: Place, file: Path, log_softmax_of: str | None = None) -> InferenceSession:
    """A published graph, ready to run.

    Raises:
        ServiceError: the file is not an ONNX graph, or one that cannot be run.
    """
    return open_network(
        place, [file], file.stem, lambda to, _: write_published(file, to, log_softmax_of)
    )


def sibling(folder: ModelFolder, name: str) -> Path:
    """Another graph of the same model, quantized or not: `NAME_quant.onnx` or `NAME.onnx`.

    Raises:
        ServiceError: the folder holds neither.
    """
    published = folder.published_graph
    assert published is not None
    names = [published.name.replace("model", name, 1), f"{name}_quant.onnx", f"{name}.onnx"]
    found = next((folder.path / one for one in names if (folder.path / one).is_file()), None)
    if found is None:
        raise ServiceError(
            ErrorCode.MODEL_INVALID,
            f"{published} needs {name}_quant.onnx or {name}.onnx beside it",
        )
    return found


def require(session: InferenceSession, file: Path, inputs: set[str], outputs: set[str]) -> None:
    """Refuse a graph that does not have the inputs and outputs of its kind.

    Raises:
        ServiceError: it has others.
    """
    found_inputs = {one.name for one in session.get_inputs()}
    found_outputs = {one.name for one in session.get_outputs()}
    lacking = (inputs - found_inputs) | (outputs - found_outputs)
    if lacking:
        raise ServiceError(
            ErrorCode.MODEL_INVALID,
            f"{file} is not the graph that FunASR exports: it lacks {', '.join(sorted(lacking))}; "
            f"has {', '.join(sorted(found_inputs))} and {', '.join(sorted(found_outputs))}",
        )
