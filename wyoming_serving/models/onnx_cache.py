"""Graphs made from models, kept so that the next start finds them."""

import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from onnxruntime import InferenceSession

from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.memory import release_freed_memory
from wyoming_serving.models.onnx_sessions import open_session

_LOGGER = logging.getLogger(__name__)

GRAPH = "graph.onnx"
WEIGHTS = "weights.bin"


def open_made_graph(
    cache_dir: Path,
    sources: Iterable[Path],
    name: str,
    recipe: str,
    code: Iterable[Path],
    make: Callable[[Path], None],
    threads: int,
) -> InferenceSession:
    """Open the graph that `make` writes into a folder as `GRAPH` and `WEIGHTS`; made only once.

    A kept graph that cannot be opened, because a disk damaged it, is made anew.

    Args:
        cache_dir: Where graphs are kept; where nothing can be written, a temporary folder serves,
            which is deleted once the session is open.
        sources: The model's files. One that has changed makes another graph.
        name: Which of a model's graphs it is.
        recipe: What else the graph depends on, such as the precision.
        code: The program's files that make the graph; another version of them makes it anew.
        make: Writes the two files into a folder.
        threads: As `open_session` takes them.

    Raises:
        ServiceError: `model-invalid`: what was made is not a graph that the runtime can run;
            `output-failed`: it can be written nowhere; and what `make` raises.
    """
    sources = [source.resolve() for source in sources]
    model = _digest([name, *map(str, sources)])
    stamps = (f"{stat.st_size} {stat.st_mtime_ns}" for stat in map(os.stat, sources))
    version = _digest([recipe, *stamps, *(file.read_text("utf-8") for file in sorted(code))])
    folder = cache_dir.expanduser() / "graphs" / f"{model}-{version}"
    if (folder / GRAPH).is_file():
        try:
            return open_session(folder / GRAPH, threads)
        except ServiceError as error:
            _LOGGER.warning("%s; it is prepared anew", error.text)
    where: AbstractContextManager[Path] = nullcontext(folder)
    try:
        _make_kept(folder, model, make)
    except OSError as error:
        _LOGGER.warning("%s cannot be written (%s): each start prepares the model anew",
                        folder.parent, error.strerror)  # fmt: skip
        where = _made_for_now(folder.parent, make)
    with where as made:
        release_freed_memory()
        return open_session(made / GRAPH, threads)


@contextmanager
def _made_for_now(wanted: Path, make: Callable[[Path], None]) -> Iterator[Path]:
    """Make the graph in a temporary folder, where it cannot be made in the `wanted` one."""
    folder = Path(tempfile.mkdtemp(prefix="wyoming-graph-"))
    try:
        try:
            make(folder)
        except OSError as error:
            raise ServiceError(
                ErrorCode.OUTPUT_FAILED,
                f"the model cannot be prepared in {wanted} nor in {folder.parent}: "
                f"{error.strerror}",
            ) from error
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_kept(folder: Path, model: str, make: Callable[[Path], None]) -> None:
    """Make the graph in its own folder, whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix="partial-", dir=folder.parent))
    try:
        make(partial)
        for file in partial.iterdir():
            _write_through(file)
        for older in folder.parent.glob(f"{model}-*"):
            shutil.rmtree(older, ignore_errors=True)
        os.replace(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_through(file: Path) -> None:
    """Wait until a file is on the disk: a power failure would leave a whole name and no content."""
    with file.open("rb") as written:
        os.fsync(written.fileno())


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
