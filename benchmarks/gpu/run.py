"""What every step is given: the device, the sizes, and where its findings go."""

import gc
import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import torch

from wyoming_serving.devices import Device, Precision

_WARM_UPS = 2


@dataclass
class Run:
    """One step of a run; what it finds is on disk at once, should the step not come to its end."""

    device: str
    is_rehearsal: bool
    """Tiny models and few rounds, which only show that every line runs."""
    cache: Path
    """Folder for weights of real size."""
    file: Path
    found: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.is_rehearsal:
            torch.set_num_threads(1)  # tiny products on threads that wait for each other

    @property
    def on_gpu(self) -> bool:
        """Whether the device is an NVIDIA GPU."""
        return self.device.startswith("cuda")

    def place(self, precision: Precision) -> Device:
        """Returns the device in a precision."""
        return Device(self.device, precision, f"{self.device}, {precision}")

    def note(self, name: str, value: object) -> None:
        """Keep one finding."""
        self.found[name] = value
        partial = self.file.with_suffix(".partial")
        partial.write_text(json.dumps(self.found, ensure_ascii=False), encoding="utf-8")
        os.replace(partial, self.file)

    def add(self, table: str, **row: object) -> None:
        """Keep one row of a table."""
        self.note(table, [*self.found.get(table, []), row])

    def of_size(self, real: tuple[int, ...], tiny: tuple[int, ...]) -> tuple[int, ...]:
        """Returns the cases to measure."""
        return tiny if self.is_rehearsal else real

    def milliseconds(self, work: Callable[[], object], rounds: int = 20) -> float:
        """Returns the median time of `work`, with everything that it starts on the GPU."""
        times = []
        if self.is_rehearsal:
            rounds = 1
        for number in range(_WARM_UPS + rounds):
            started = self._now()
            work()
            if number >= _WARM_UPS:
                times.append(self._now() - started)
        return round(1000 * median(times), 3)

    def forget_memory(self) -> None:
        """Free what is no longer used, and begin a new peak."""
        gc.collect()
        if self.on_gpu:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(self.device)

    def peak_mb(self) -> float | None:
        """Returns the most GPU memory that tensors took since `forget_memory`; None on a CPU."""
        if not self.on_gpu:
            return None
        return round(torch.cuda.max_memory_allocated(self.device) / 1e6, 1)

    def _now(self) -> float:
        if self.on_gpu:
            torch.cuda.synchronize(self.device)
        return time.perf_counter()


def used_gpu_mb() -> float | None:
    """Returns what all processes together take of the first GPU; None without `nvidia-smi`."""
    command = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
        return float(done.stdout.splitlines()[0]) * 2**20 / 1e6
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None
