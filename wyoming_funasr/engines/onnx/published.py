"""FunASR's published ONNX files, as they are run here."""

from pathlib import Path

from wyoming_funasr.engines.folder import ModelFolder
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.models.int8_weights import has_exact_signed_products
from wyoming_serving.models.onnx_cache import GRAPH, WEIGHTS
from wyoming_serving.models.onnx_files import unpack


def write_published(file: Path, target: Path, log_softmax_of: str | None = None) -> None:
    """Write a published file's graph into the folder `target`.

    Raises:
        ServiceError: the file is not an ONNX graph.
    """
    signed = has_exact_signed_products()
    unpack(file, target / GRAPH, target / WEIGHTS, signed=signed, log_softmax_of=log_softmax_of)


def refuse_published(folder: ModelFolder) -> None:
    """Refuse a folder that holds only a published graph, for a family that needs the checkpoint.

    Raises:
        ServiceError: it does.
    """
    if folder.published_graph is not None:
        raise ServiceError(
            ErrorCode.MODEL_INVALID,
            f"{folder.path} holds {folder.published_graph.name}: a {folder.config['model']} is "
            f"loaded from its checkpoint, {folder.checkpoint.name}",
        )
