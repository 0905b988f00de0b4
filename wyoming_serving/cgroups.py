"""What the container lets this process take: memory and CPU time, by Linux control groups.

Version 2 (`memory.max`, `cpu.max`) and version 1 (`memory.limit_in_bytes`, `cpu.cfs_quota_us`), by
the kernel's Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/. A group is bound by its
parents' limits as well. In a container its own group is usually mounted as the root, while /proc
names the path that it has on the host; then the root is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")

_NO_LIMIT_BYTES = 1 << 60
"""Version 1 writes a number near 2^63 where there is no limit."""


@dataclass(frozen=True)
class MemoryLimit:
    """The tightest memory limit on this process."""

    limit_bytes: int
    used_bytes: int
    """Without the cache of files, which the kernel takes back when it needs memory."""

    @property
    def free_bytes(self) -> int:
        """What may still be taken."""
        return max(0, self.limit_bytes - self.used_bytes)


def memory_limit(root: Path = _ROOT, membership: Path = _MEMBERSHIP) -> MemoryLimit | None:
    """Returns the limit that leaves the least free memory, None where there is none."""
    limits = [
        limit
        for folder in _groups(root, membership, "memory")
        if (limit := _memory_v2(folder) or _memory_v1(folder)) is not None
    ]
    return min(limits, key=lambda limit: limit.free_bytes, default=None)


def cpu_limit(root: Path = _ROOT, membership: Path = _MEMBERSHIP) -> float | None:
    """Returns how many CPUs' time may be used, None where there is no limit."""
    limits = [
        limit
        for folder in _groups(root, membership, "cpu")
        if (limit := _cpus_v2(folder) or _cpus_v1(folder)) is not None
    ]
    return min(limits, default=None)


def _groups(root: Path, membership: Path, controller: str) -> Iterator[Path]:
    """Yields the folders of this process's groups for a controller, and of their parents."""
    for line in _text(membership).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            base = root  # version 2
        elif controller in controllers.split(","):
            base = root / controller if (root / controller).is_dir() else root / controllers
        else:
            continue
        folder = base / path.lstrip("/")
        while folder != base:
            if folder.is_dir():
                yield folder
            folder = folder.parent
        yield base


def _memory_v2(folder: Path) -> MemoryLimit | None:
    limit = _number(folder / "memory.max")  # "max" is no number
    if limit is None:
        return None
    used = _number(folder / "memory.current") or 0
    return MemoryLimit(limit, used - _statistic(folder, "inactive_file"))


def _memory_v1(folder: Path) -> MemoryLimit | None:
    limit = _number(folder / "memory.limit_in_bytes")
    if limit is None or limit >= _NO_LIMIT_BYTES:
        return None
    used = _number(folder / "memory.usage_in_bytes") or 0
    return MemoryLimit(limit, used - _statistic(folder, "total_inactive_file"))


def _cpus_v2(folder: Path) -> float | None:
    quota, _, period = _text(folder / "cpu.max").strip().partition(" ")
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() else None


def _cpus_v1(folder: Path) -> float | None:
    quota = _number(folder / "cpu.cfs_quota_us")  # -1 is none
    period = _number(folder / "cpu.cfs_period_us")
    return quota / period if quota and period else None


def _statistic(folder: Path, name: str) -> int:
    for line in _text(folder / "memory.stat").splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0


def _number(file: Path) -> int | None:
    text = _text(file).strip()
    return int(text) if text.isdigit() else None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""
