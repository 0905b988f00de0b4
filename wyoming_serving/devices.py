"""Choosing the device and the precision, and saying aloud which they are."""

import logging
import os
from dataclasses import dataclass
from typing import Literal

import psutil

from wyoming_serving.errors import ErrorCode, ServiceError

_LOGGER = logging.getLogger(__name__)

Precision = Literal["float32", "float16", "int8"]


@dataclass(frozen=True)
class Device:
    """Where a model runs and in which precision."""

    torch_name: str
    """As torch writes it: `cpu`, `cuda:0`."""
    precision: Precision
    description: str
    """For the log and the info message, e.g. `NVIDIA H200, float16`."""

    @property
    def is_cuda(self) -> bool:
        """Whether it is an NVIDIA GPU."""
        return self.torch_name.startswith("cuda")


def let_threads_sleep() -> None:
    """Make OpenMP's threads spin only briefly, then sleep, while they wait for each other.

    A thread that spins for one that another process has pushed aside burns a core. Measured on two
    cores with 3 s of speech and one other busy process: 1,030 ms with 20,000 spins, 467 ms with
    2,000; on a quiet machine 220 and 265 ms, and without spinning the second thread gains
    nothing. Call it before torch is imported; a user's own settings stay.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")


@dataclass(frozen=True)
class CpuSharing:
    """How a CPU is shared between independent work: `workers` at once, each with `threads`."""

    workers: int
    threads: int


_CORES_FOR_PAIRS = 4


def cpu_sharing(threads: int) -> CpuSharing:
    """Share so many CPU threads (0: the cores) between recognitions.

    Cores that work on one utterance wait for each other at every layer, and wait long where
    another process has taken one of them. Measured with 3 s of speech on two cores: one thread
    takes 280 ms, two 265 ms; beside one busy process 300 and 467 ms. So each works alone, and in
    pairs from four cores on, where one utterance would else leave most of them idle.
    """
    cores = threads or os.cpu_count() or 1
    each = 2 if cores >= _CORES_FOR_PAIRS else 1
    return CpuSharing(cores // each, each)


def choose_device(wanted: str, precision: str) -> Device:
    """Turn the settings into a device that works; imports torch.

    `auto` takes the first CUDA device that can compute and falls back to the CPU. Precision `auto`
    is float16 on CUDA (bfloat16 is missing before Ampere) and int8 on a CPU that has the kernels.

    Raises:
        ServiceError: the device asked for by name does not work.
    """
    if wanted == "cpu":
        return _cpu(precision)
    name = "cuda:0" if wanted in ("auto", "cuda") else wanted
    problem = _cuda_problem(name)
    if problem is None:
        return _cuda(name, precision)
    if wanted != "auto":
        raise ServiceError(
            ErrorCode.DEVICE_UNAVAILABLE, f"device {wanted} does not work: {problem}"
        )
    _LOGGER.warning("no CUDA device (%s): models run on the CPU", problem)
    return _cpu(precision)


def require_memory(least_bytes: int, what: str) -> None:
    """Refuse a machine that is too small.

    Raises:
        ServiceError: it has less memory than `what` needs.
    """
    total = psutil.virtual_memory().total
    if total < least_bytes:
        raise ServiceError(
            ErrorCode.MEMORY_TOO_SMALL,
            f"{what} needs {least_bytes / 1e9:.1f} GB of memory, this machine has "
            f"{total / 1e9:.1f} GB",
        )


def _cpu(precision: str) -> Device:
    if precision == "float16":
        raise ServiceError(
            ErrorCode.PRECISION_UNAVAILABLE, "precision float16 needs CUDA; on a CPU: float32, int8"
        )
    import torch

    has_int8 = torch.backends.quantized.engine != "none"
    chosen: Precision = (
        "int8" if precision == "int8" or (precision == "auto" and has_int8) else "float32"
    )
    return Device("cpu", chosen, f"CPU, {chosen}")


def _cuda(name: str, precision: str) -> Device:
    if precision == "int8":
        raise ServiceError(
            ErrorCode.PRECISION_UNAVAILABLE,
            "precision int8 runs on a CPU; on CUDA: float16, float32",
        )
    import torch

    chosen: Precision = "float32" if precision == "float32" else "float16"
    return Device(name, chosen, f"{torch.cuda.get_device_name(name)}, {chosen}")


def _cuda_problem(name: str) -> str | None:
    import torch

    if not torch.cuda.is_available():
        return "torch sees none"
    try:
        # a card whose architecture this torch build lacks is listed, and fails here
        (torch.ones(8, device=name) * 2).sum().item()
    except (RuntimeError, AssertionError) as error:
        return str(error).splitlines()[0]
    return None
