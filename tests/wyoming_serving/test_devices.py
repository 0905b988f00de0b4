"""Choosing where a model runs."""

import pytest
import torch

from wyoming_serving.devices import choose_device, require_memory
from wyoming_serving.errors import ServiceError

without_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")


def test_a_cpu_takes_the_precision_asked_for() -> None:
    device = choose_device("cpu", "float32")
    assert (device.torch_name, device.precision) == ("cpu", "float32")
    assert device.description == "CPU, float32"
    assert not device.is_cuda


def test_a_cpu_with_the_kernels_takes_int8_by_itself() -> None:
    with_kernels = torch.backends.quantized.engine != "none"
    assert choose_device("cpu", "auto").precision == ("int8" if with_kernels else "float32")


def test_float16_on_a_cpu_is_refused() -> None:
    with pytest.raises(ServiceError, match="float16 needs CUDA; on a CPU: float32, int8") as caught:
        choose_device("cpu", "float16")
    assert caught.value.code == "precision-unavailable"


@without_cuda
def test_auto_falls_back_to_the_cpu_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    assert choose_device("auto", "float32").torch_name == "cpu"
    assert "no CUDA device" in caplog.text


@without_cuda
@pytest.mark.parametrize("name", ["cuda", "cuda:3"])
def test_a_device_asked_for_by_name_must_work(name: str) -> None:
    with pytest.raises(ServiceError, match=f"device {name} does not work") as caught:
        choose_device(name, "auto")
    assert caught.value.code == "device-unavailable"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_computes_in_float16() -> None:
    device = choose_device("auto", "auto")
    assert device.is_cuda
    assert device.precision == "float16"
    with pytest.raises(ServiceError, match="int8 runs on a CPU"):
        choose_device("cuda", "int8")


def test_too_little_memory_is_refused_with_both_numbers() -> None:
    require_memory(1, "nothing")
    needed = r"model X needs 1000000.0 GB of memory, this machine has \d+\.\d GB"
    with pytest.raises(ServiceError, match=needed):
        require_memory(10**15, "model X")
