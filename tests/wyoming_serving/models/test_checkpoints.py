"""Checkpoints that torch wrote, read without it, as torch reads them; and files that are none."""

import io
import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wyoming_serving.errors import ServiceError
from wyoming_serving.models.checkpoints import read_state_dict

torch = pytest.importorskip("torch", reason="writing checkpoints needs torch")

rebuild_tensor = getattr(torch, "_utils")._rebuild_tensor_v2  # noqa: B009, SLF001

DTYPES = ("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8",
          "bool")  # fmt: skip


def state() -> dict[str, Any]:
    """Tensors of every kind: views, shared storages, scalars, empty ones."""
    torch.manual_seed(0)
    base = torch.randn(6, 8)
    tensors = {name: (torch.randn(3, 5) * 9).to(getattr(torch, name)) for name in DTYPES}
    return {
        **tensors,
        "base": base,
        "transposed": base.T,
        "part": base[1:4, 2:7:2],
        "tied": base,
        "scalar": torch.tensor(7),
        "empty": torch.zeros(0, 4),
        "parameter": torch.nn.Parameter(torch.randn(4)),
    }


def assert_read(file: Path, expected: dict[str, Any], **options: Any) -> None:
    found = read_state_dict(file, **options)
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        wanted = tensor.detach()
        assert found[name].shape == tuple(wanted.shape)
        is_bfloat16 = wanted.dtype == torch.bfloat16
        array = (wanted.float() if is_bfloat16 else wanted).numpy()
        read = found[name].read()
        assert read.dtype == array.dtype
        np.testing.assert_array_equal(read, array)
        np.testing.assert_array_equal(found[name].read_float32(), array.astype(np.float32))


@pytest.mark.parametrize("new", [True, False], ids=["zip", "old"])
@pytest.mark.parametrize("wrapper", [None, "state_dict", "model_state_dict", "model"])
def test_tensors_are_what_torch_wrote(tmp_path: Path, new: bool, wrapper: str | None) -> None:
    file = tmp_path / "model.pt"
    content = state()
    saved = content if wrapper is None else {"epoch": 3, "lr": 1e-3, wrapper: content}
    torch.save(saved, file, _use_new_zipfile_serialization=new)
    assert_read(file, content)


@pytest.mark.parametrize("new", [True, False], ids=["zip", "old"])
@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_a_training_checkpoint_with_its_optimizer(tmp_path: Path, new: bool, protocol: int) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.randn(5, 4)).sum().backward()
    optimizer.step()
    saved = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "iteration": 12,
        "shape": torch.Size([1, 2]),
        "device": torch.device("cpu"),
        "dtype": torch.bfloat16,
        "note": ["x", None, (1.5, True), {"y"}],
    }
    file = tmp_path / "G_1.pth"
    torch.save(saved, file, pickle_protocol=protocol, _use_new_zipfile_serialization=new)
    assert_read(file, dict(model.state_dict()), wrappers=("model",), bare=False)


def test_an_entry_that_is_asked_for_must_be_there(tmp_path: Path) -> None:
    torch.save({"x": torch.zeros(1)}, tmp_path / "model.pt")
    with pytest.raises(ServiceError, match="has no entry model") as caught:
        read_state_dict(tmp_path / "model.pt", ("model",), bare=False)
    assert caught.value.code == "model-invalid"


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("touch evil",)


@pytest.mark.parametrize("new", [True, False], ids=["zip", "old"])
@pytest.mark.parametrize("thing", [Evil(), Path("x"), np.float64(1)])
def test_nothing_but_tensors_is_made(tmp_path: Path, new: bool, thing: object) -> None:
    file = tmp_path / "model.pt"
    torch.save({"x": thing}, file, _use_new_zipfile_serialization=new)
    with pytest.raises(ServiceError, match="holds more than tensors") as caught:
        read_state_dict(file)
    assert caught.value.code == "model-invalid"
    assert not Path("evil").exists()


def rewritten(file: Path, structure: bytes | None = None, most: int | None = None) -> Path:
    """A checkpoint with another structure, or with storages cut to `most` bytes."""
    target = file.with_name("rewritten.pt")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if structure is not None and entry.filename.endswith("data.pkl"):
                content = structure
            if most is not None and "/data/" in entry.filename:
                content = content[:most]
            new.writestr(entry.filename, content)
    return target


def described(offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> bytes:
    """The structure of a tensor in the first storage, which may not fit into it."""

    class Described:
        def __reduce__(self) -> Any:
            arguments: Any = (self.storage, offset, shape, strides, False, OrderedDict())
            return rebuild_tensor, arguments

        storage = object()

    class Pickler(pickle.Pickler):
        def persistent_id(self, value: object) -> Any:
            is_storage = value is Described.storage
            return ("storage", torch.FloatStorage, "0", "cpu", 12) if is_storage else None

    written = io.BytesIO()
    Pickler(written, protocol=2).dump({"x": Described()})
    return written.getvalue()


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [
        (0, (13,), (1,)),
        (1, (12,), (1,)),
        (10**18, (1,), (1,)),
        (0, (2, 2), (11, 1)),
        (0, (10**12,), (0,)),
        (-1, (2,), (1,)),
        (0, (2,), (-1,)),
        (0, (2, 2), (1,)),
        (0, (True,), (1,)),
    ],
)
def test_a_tensor_must_lie_in_its_storage(
    tmp_path: Path, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> None:
    torch.save({"x": torch.zeros(3, 4)}, tmp_path / "model.pt")
    right = rewritten(tmp_path / "model.pt", described(0, (3, 4), (4, 1)))
    assert read_state_dict(right)["x"].read().shape == (3, 4)
    wrong = rewritten(tmp_path / "model.pt", described(offset, shape, strides))
    with pytest.raises(ServiceError, match=r"does not fit|described wrongly"):
        read_state_dict(wrong)


def test_storages_that_were_cut(tmp_path: Path) -> None:
    torch.save({"x": torch.zeros(3, 4)}, tmp_path / "model.pt")
    with pytest.raises(ServiceError, match="x does not fit"):
        read_state_dict(rewritten(tmp_path / "model.pt", most=20))


@pytest.mark.parametrize("new", [True, False], ids=["zip", "old"])
def test_any_damage_is_one_clear_error(tmp_path: Path, new: bool) -> None:
    file = tmp_path / "model.pt"
    torch.save(state(), file, _use_new_zipfile_serialization=new)
    whole = file.read_bytes()
    rng = np.random.default_rng(3)
    for length in [0, 1, 100, *rng.integers(0, len(whole), 30).tolist()]:
        file.write_bytes(whole[:length])
        with pytest.raises(ServiceError, match=r"model\.pt cannot be read"):
            read_state_dict(file)
    for _ in range(300):
        damaged = bytearray(whole)
        for at in rng.integers(0, min(len(whole), 3000), 3):
            damaged[at] = rng.integers(256)
        file.write_bytes(damaged)
        try:
            for tensor in read_state_dict(file).values():
                tensor.read()
        except ServiceError as error:
            assert error.code == "model-invalid"


def test_other_files_are_no_checkpoints(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"<html>not found</html>")
    (tmp_path / "pickle").write_bytes(pickle.dumps({"a": 1}))
    with zipfile.ZipFile(tmp_path / "zip", "w") as archive:
        archive.writestr("x", b"y")
    for name in ("text", "pickle", "zip", "missing"):
        with pytest.raises(ServiceError, match=f"{name} cannot be read"):
            read_state_dict(tmp_path / name)
