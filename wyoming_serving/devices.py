"""Choosing the device and the precision, and sharing a CPU."""

import importlib.util
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from wyoming_serving.cgroups import cpu_limit
from wyoming_serving.cpu_features import kernels
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.extras import needs_extra

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


class Gpus(Protocol):
    """The GPUs of a machine, named `cuda:0`, `cuda:1` and so on."""

    def names(self) -> Sequence[str]:
        """Returns all GPUs that are listed, whether they work or not."""

    def problem(self, name: str) -> str | None:
        """Computes something on a GPU; returns why that failed, or None."""

    def description(self, name: str) -> str:
        """Returns the product name of a GPU that works."""


def choose_device(wanted: str, precision: str, gpus: Gpus | None = None) -> Device:
    """Turn the settings into a device that works.

    `auto` and `cuda` take the first GPU that can compute; without one, `auto` falls back to the
    CPU. Precision `auto` is float16 on a GPU (bfloat16 is missing before Ampere) and int8 on a CPU.
    `gpus` are those that torch can use unless others are given; torch is imported to ask about
    them, which takes seconds, and never for the CPU.

    Raises:
        ServiceError: `device-unavailable`, the device asked for does not work; `extra-missing`, it
            needs torch; `precision-unavailable`, it does not compute in that precision.
    """
    if wanted == "cpu":
        return _cpu(precision)
    if gpus is None:
        if wanted == "auto" and importlib.util.find_spec("torch") is None:
            _LOGGER.info("torch, which GPUs need, is not installed: models run on the CPU")
            return _cpu(precision)
        gpus = _torch_gpus(wanted)
    problems: dict[str, str] = {}
    for name in gpus.names() if wanted in ("auto", "cuda") else [wanted]:
        problem = gpus.problem(name)
        if problem is None:
            return _gpu(name, precision, gpus.description(name))
        _LOGGER.warning("%s does not work: %s", name, problem)
        problems[name] = problem
    if wanted != "auto":
        reason = "; ".join(problems.values()) or "there is none"
        raise ServiceError(ErrorCode.DEVICE_UNAVAILABLE, f"device {wanted} does not work: {reason}")
    _LOGGER.info(
        "no GPU works: models run on the CPU" if problems else "no GPU: models run on the CPU"
    )
    return _cpu(precision)


def let_threads_sleep() -> None:
    """Make the libraries' own threads wait for each other asleep, or do without them.

    A thread that spins while it waits for one whose core another process has taken wastes its own
    core. numpy's products are too small to be shared: on a busy machine they took many times
    their time with threads. Only torch, beside a GPU, uses OpenMP; ONNX Runtime's threads are told
    by `open_session`. Call it before numpy and torch are imported; a user's own settings stay.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")


@dataclass(frozen=True)
class CpuSharing:
    """How a CPU is shared between independent work: `workers` at once, each with `threads`."""

    workers: int
    threads: int


_CORES_FOR_PAIRS = 4


def cpu_sharing(threads: int) -> CpuSharing:
    """Share so many CPU threads (0: one per core) between utterances.

    Make the scheduler with `workers`, and let the work in each of them use `threads`. Cores that
    work on one utterance wait for each other at every layer, and wait long if another process has
    taken one of them (`python -m benchmarks.threads`). So each core works alone, and from four
    cores on in pairs, where one utterance would otherwise leave most of them idle.
    """
    cores = threads or available_cores()
    workers = cores // 2 if cores >= _CORES_FOR_PAIRS else cores
    return CpuSharing(workers, cores // workers)


def available_cores() -> int:
    """Returns the number of cores that this process may use.

    A container's share of CPU time counts as whole cores, of which there is at least one: threads
    beyond it would only be held back in turn.
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    share = cpu_limit()
    return cores if share is None else max(1, min(cores, round(share)))


def _cpu(precision: str) -> Device:
    if precision == "float16":
        raise ServiceError(
            ErrorCode.PRECISION_UNAVAILABLE, "precision float16 needs CUDA; on a CPU: float32, int8"
        )
    chosen: Precision = "float32" if precision == "float32" else "int8"
    instructions = kernels()
    name = f"CPU with {instructions}" if instructions else "CPU"
    return Device("cpu", chosen, f"{name}, {chosen}")


def _gpu(name: str, precision: str, description: str) -> Device:
    if precision == "int8":
        raise ServiceError(
            ErrorCode.PRECISION_UNAVAILABLE,
            "precision int8 runs on a CPU; on CUDA: float16, float32",
        )
    chosen: Precision = "float32" if precision == "float32" else "float16"
    return Device(name, chosen, f"{description}, {chosen}")


def _torch_gpus(wanted: str) -> Gpus:
    with needs_extra("cuda", reason=f"device {wanted}"):
        from wyoming_serving.torch.gpus import TorchGpus

        return TorchGpus()
