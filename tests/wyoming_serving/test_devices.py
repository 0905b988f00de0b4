"""Choosing where a model runs."""

import importlib.util
import logging
import os
import re
import subprocess
import sys

import pytest

from wyoming_serving.devices import (
    CpuSharing,
    available_cores,
    choose_device,
    cpu_sharing,
)
from wyoming_serving.errors import ErrorCode, ServiceError

TORCH = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not TORCH, reason="needs torch")


def has_gpu() -> bool:
    if not TORCH:
        return False
    import torch

    return torch.cuda.is_available()


class ListedGpus:
    """GPUs that work or have a problem, by their order; notes which were tried."""

    def __init__(self, *problems: str | None) -> None:
        self.problems = problems
        self.tried: list[str] = []

    def names(self) -> list[str]:
        return [f"cuda:{index}" for index in range(len(self.problems))]

    def problem(self, name: str) -> str | None:
        self.tried.append(name)
        return self.problems[int(name.removeprefix("cuda:"))]

    def description(self, name: str) -> str:
        return f"GPU {name}"


def test_a_cpu_takes_the_precision_asked_for() -> None:
    device = choose_device("cpu", "float32")
    assert (device.torch_name, device.precision) == ("cpu", "float32")
    assert re.fullmatch(r"CPU( with [\w. -]+)?, float32", device.description)
    assert not device.is_cuda


def test_a_cpu_takes_int8_by_itself() -> None:
    assert choose_device("cpu", "auto").precision == "int8"


def test_float16_on_a_cpu_is_refused() -> None:
    with pytest.raises(ServiceError, match="float16 needs CUDA; on a CPU: float32, int8") as caught:
        choose_device("cpu", "float16")
    assert caught.value.code is ErrorCode.PRECISION_UNAVAILABLE


def test_int8_on_a_gpu_is_refused() -> None:
    with pytest.raises(ServiceError, match="int8 runs on a CPU; on CUDA: float16, float32"):
        choose_device("cuda", "int8", ListedGpus(None))


@pytest.mark.parametrize("wanted", ["auto", "cuda"])
def test_the_first_gpu_that_works_is_taken(wanted: str, caplog: pytest.LogCaptureFixture) -> None:
    gpus = ListedGpus("too old", None, None)
    device = choose_device(wanted, "auto", gpus)
    assert (device.torch_name, device.precision) == ("cuda:1", "float16")
    assert device.description == "GPU cuda:1, float16"
    assert gpus.tried == ["cuda:0", "cuda:1"]
    assert "cuda:0 does not work: too old" in caplog.text


def test_a_gpu_asked_for_by_its_number_is_the_only_one_tried() -> None:
    gpus = ListedGpus(None, None)
    assert choose_device("cuda:1", "float32", gpus).torch_name == "cuda:1"
    assert gpus.tried == ["cuda:1"]


@pytest.mark.parametrize("problems", [(), ("too old",), ("too old", "out of memory")])
def test_auto_falls_back_to_the_cpu_and_says_so(
    problems: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert choose_device("auto", "float32", ListedGpus(*problems)).torch_name == "cpu"
    assert "models run on the CPU" in caplog.text


@pytest.mark.parametrize(
    ("wanted", "problems", "reason"),
    [
        ("cuda", (), "there is none"),
        ("cuda", ("too old", "out of memory"), "too old; out of memory"),
        ("cuda:1", (None, "out of memory"), "out of memory"),
    ],
)
def test_a_gpu_asked_for_must_work(
    wanted: str, problems: tuple[str | None, ...], reason: str
) -> None:
    with pytest.raises(ServiceError, match=f"device {wanted} does not work: {reason}") as caught:
        choose_device(wanted, "auto", ListedGpus(*problems))
    assert caught.value.code is ErrorCode.DEVICE_UNAVAILABLE


def test_without_torch_auto_is_the_cpu(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    caplog.set_level(logging.INFO)
    assert choose_device("auto", "auto").description.endswith(", int8")
    assert [record.levelname for record in caplog.records] == ["INFO"]


@pytest.mark.parametrize("wanted", ["cuda", "cuda:0"])
def test_without_torch_a_gpu_asked_for_names_the_extra(
    wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "wyoming_serving.torch.gpus", raising=False)
    with pytest.raises(ServiceError, match=rf"^device {wanted}: .*\[cuda\]'$") as caught:
        choose_device(wanted, "auto")
    assert caught.value.code is ErrorCode.EXTRA_MISSING


def test_a_cpu_needs_no_torch() -> None:
    code = (
        "import sys; from wyoming_serving.devices import choose_device\n"
        "choose_device('cpu', 'auto'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@needs_torch
@pytest.mark.skipif(has_gpu(), reason="there is a CUDA device")
def test_torch_without_a_gpu() -> None:
    assert choose_device("auto", "auto").torch_name == "cpu"
    with pytest.raises(ServiceError, match="device cuda:3 does not work"):
        choose_device("cuda:3", "auto")


@pytest.mark.parametrize(
    ("threads", "sharing"),
    [
        (1, CpuSharing(1, 1)),
        (2, CpuSharing(2, 1)),
        (3, CpuSharing(3, 1)),
        (4, CpuSharing(2, 2)),
        (5, CpuSharing(2, 2)),
        (16, CpuSharing(8, 2)),
    ],
)
def test_cores_are_shared_between_workers(threads: int, sharing: CpuSharing) -> None:
    assert cpu_sharing(threads) == sharing


def test_without_a_number_the_cores_that_the_process_may_use_are_shared() -> None:
    assert 1 <= available_cores() <= (os.cpu_count() or 1)
    assert cpu_sharing(0) == cpu_sharing(available_cores())


def test_numpy_computes_in_the_thread_that_calls_it() -> None:
    program = (
        "import os; from wyoming_serving.devices import let_threads_sleep; let_threads_sleep();"
        "import numpy; numpy.ones((512, 512)) @ numpy.ones((512, 512));"
        "print(len(os.listdir('/proc/self/task')))"
    )
    environment = {name: os.environ[name] for name in os.environ if "THREADS" not in name}
    found = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, check=True
    )
    assert found.stdout.strip() == b"1"
