"""Graphs are made once, and made anew where what is kept is damaged or of another recipe."""

from pathlib import Path

import numpy as np
import pytest
from onnxruntime import InferenceSession

from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.models.onnx_cache import GRAPH, WEIGHTS, open_made_graph
from wyoming_serving.models.onnx_graphs import Graph
from wyoming_serving.models.onnx_sessions import run, write_optimized

MATRIX = np.arange(600 * 600, dtype=np.float32).reshape(600, 600) / 1e5


def write_product(target: Path) -> None:
    """A graph that multiplies by `MATRIX`."""
    with Graph(target / WEIGHTS) as graph:
        x = graph.input("x", np.float32, (1, 600))
        graph.output("y", graph.add("MatMul", x, graph.weight(MATRIX)), np.float32, (1, 600))
        graph.save(target / GRAPH)


class Maker:
    """Opens the graph in a cache, and counts how often it was made."""

    def __init__(self, folder: Path) -> None:
        self.cache, self.made = folder / "cache", 0
        self._source, self._code = folder / "model", folder / "code.py"
        self._source.write_text("weights")
        self._code.write_text("code")

    def open(self, recipe: str = "float32") -> InferenceSession:
        return open_made_graph(
            self.cache, [self._source], "product", recipe, [self._code], self._make, threads=1
        )

    def _make(self, target: Path) -> None:
        self.made += 1
        write_product(target)

    @property
    def kept(self) -> Path:
        """The only folder in the cache."""
        (folder,) = (self.cache / "graphs").iterdir()
        return folder


def assert_multiplies(session: InferenceSession) -> None:
    x = np.ones((1, 600), np.float32)
    np.testing.assert_allclose(run(session, {"x": x})[0], x @ MATRIX, rtol=1e-4)


def test_a_graph_is_made_once(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    for _ in range(2):
        assert_multiplies(maker.open())
    assert maker.made == 1


def test_another_recipe_takes_its_place(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    maker.open("float32")
    before = maker.kept
    maker.open("int8")
    assert maker.made == 2
    assert maker.kept != before


@pytest.mark.parametrize("name", [GRAPH, WEIGHTS])
@pytest.mark.parametrize("share", [0, 0.5])
def test_a_damaged_graph_is_made_anew(
    tmp_path: Path, name: str, share: float, caplog: pytest.LogCaptureFixture
) -> None:
    maker = Maker(tmp_path)
    maker.open()
    damaged = maker.kept / name
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[: int(len(whole) * share)])
    assert_multiplies(maker.open())
    assert "cannot be run" in caplog.text and "it is prepared anew" in caplog.text
    assert (maker.made, damaged.read_bytes()) == (2, whole)
    maker.open()
    assert maker.made == 2


def test_an_optimized_graph_has_its_weights_beside_it(tmp_path: Path) -> None:
    write_product(tmp_path)
    optimized = tmp_path / "optimized"
    optimized.mkdir()
    write_optimized(tmp_path / GRAPH, optimized / GRAPH, WEIGHTS)
    assert (optimized / GRAPH).stat().st_size < 10_000
    assert (optimized / WEIGHTS).stat().st_size >= MATRIX.nbytes


def test_what_is_no_graph_is_not_optimized(tmp_path: Path) -> None:
    (tmp_path / GRAPH).write_bytes(b"no graph")
    with pytest.raises(ServiceError, match=r"graph\.onnx cannot be run") as caught:
        write_optimized(tmp_path / GRAPH, tmp_path / "other.onnx", WEIGHTS)
    assert caught.value.code == ErrorCode.MODEL_INVALID
