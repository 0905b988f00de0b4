"""What is known of a running service at one moment, as `/status` shows it."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Self

import psutil
from wyoming.info import Info

from wyoming_serving.excerpts import shortened
from wyoming_serving.memory import free_memory_bytes

_MOST_CHARACTERS = 300
"""Of problems in a description, where they may quote a library."""


@dataclass(frozen=True)
class EngineDescription:
    """What answers requests."""

    model: str
    """The model's name, or the names of the loaded voices."""
    device: str
    """Where it runs and in which precision: `CPU, int8`."""


@dataclass(frozen=True)
class MemoryStatus:
    """Bytes; those of a GPU are None where there is none."""

    resident_bytes: int
    free_bytes: int
    """What the process may still take, by its container's limit or the machine's."""
    gpu_free_bytes: int | None = None
    gpu_total_bytes: int | None = None

    @classmethod
    def now(cls, gpu_memory: Callable[[], tuple[int, int]] | None) -> Self:
        """Measure it; `gpu_memory` returns the free and the total bytes of the GPU."""
        free, total = gpu_memory() if gpu_memory else (None, None)
        resident: int = psutil.Process().memory_info().rss
        return cls(resident, free_memory_bytes(), free, total)


@dataclass(frozen=True)
class QueueStatus:
    """One scheduler."""

    waiting: int
    running: int
    max_waiting: int
    workers: int
    lost_workers: int
    """Workers whose batch ran beyond its time and may never return."""


@dataclass(frozen=True)
class LastError:
    """The latest failure of a request or of the engine."""

    time: str
    """ISO 8601, UTC."""
    code: str
    text: str


@dataclass(frozen=True)
class ServiceStatus:
    """The keys of `/status`; docs/operations.md describes them."""

    name: str
    version: str
    state: str
    problems: dict[str, str]
    """Why the service is degraded, by kind."""
    uptime_seconds: float
    engines: Sequence[EngineDescription]
    """What answers; empty until it is loaded."""
    memory: MemoryStatus
    sessions: int
    max_sessions: int
    queues: dict[str, QueueStatus]
    last_error: LastError | None

    def as_json(self) -> str:
        """Returns it as one JSON object."""
        return json.dumps(asdict(self), ensure_ascii=False)


def with_problems(info: Info, problems: Collection[str]) -> Info:
    """Returns an info message whose programs say in their descriptions why they are degraded."""
    if not problems:
        return info
    told = shortened("; ".join(problems), _MOST_CHARACTERS)
    return replace(
        info,
        asr=[replace(one, description=f"{one.description}; {told}") for one in info.asr],
        tts=[replace(one, description=f"{one.description}; {told}") for one in info.tts],
    )
