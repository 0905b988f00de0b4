"""Graphs made from models, kept so that the next start finds them."""

import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.memory import release_freed_memory

_LOGGER = logging.getLogger(__name__)

GRAPH = "graph.onnx"
WEIGHTS = "weights.bin"


@contextmanager
def made_graph(
    cache_dir: Path,
    sources: Iterable[Path],
    name: str,
    recipe: str,
    code: Iterable[Path],
    make: Callable[[Path], None],
) -> Iterator[Path]:
    """Yield the graph that `make` writes into a folder as `GRAPH` and `WEIGHTS`; made only once.

    It is there until the end of the `with`; a session that was opened from it lasts longer.

    Args:
        cache_dir: Where graphs are kept; where nothing can be written, a temporary folder serves,
            which is deleted at the end of the `with`.
        sources: The model's files. One that has changed makes another graph.
        name: Which of a model's graphs it is.
        recipe: What else the graph depends on, such as the precision.
        code: The program's files that make the graph; another version of them makes it anew.
        make: Writes the two files into a folder.
    """
    sources = [source.resolve() for source in sources]
    model = _digest([name, *map(str, sources)])
    stamps = (f"{stat.st_size} {stat.st_mtime_ns}" for stat in map(os.stat, sources))
    version = _digest([recipe, *stamps, *(file.read_text("utf-8") for file in sorted(code))])
    folder = cache_dir.expanduser() / "graphs" / f"{model}-{version}"
    if (folder / GRAPH).is_file():
        yield folder / GRAPH
        return
    where: AbstractContextManager[Path] = nullcontext(folder)
    try:
        _make_kept(folder, model, make)
    except OSError as error:
        _LOGGER.warning("%s cannot be written (%s): each start prepares the model anew",
                        folder.parent, error.strerror)  # fmt: skip
        where = _made_for_now(folder.parent, make)
    with where as made:
        release_freed_memory()
        yield made / GRAPH


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
        for older in folder.parent.glob(f"{model}-*"):
            shutil.rmtree(older, ignore_errors=True)
        os.replace(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
