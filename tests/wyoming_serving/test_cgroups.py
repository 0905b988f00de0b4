"""A container's limits, read from folders like those of the kernel."""

from pathlib import Path

import pytest

from wyoming_serving.cgroups import cpu_limit, memory_limit

GB = 1 << 30
NO_LIMIT = 9223372036854771712


def write(root: Path, files: dict[str, object]) -> Path:
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{content}\n")
    return root


def member(tmp_path: Path, *lines: str) -> Path:
    return write(tmp_path, {"membership": "\n".join(lines)}) / "membership"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "cgroup"
    folder.mkdir()
    return folder


def test_version_2_counts_what_the_kernel_cannot_take_back(tmp_path: Path, root: Path) -> None:
    write(root, {"memory.max": 2 * GB, "memory.current": GB})
    write(root, {"memory.stat": f"anon 5\ninactive_file {GB // 2}\nactive_file 7"})
    limit = memory_limit(root, member(tmp_path, "0::/"))
    assert limit is not None
    assert (limit.limit_bytes, limit.free_bytes) == (2 * GB, 2 * GB - GB // 2)


def test_a_parents_tighter_limit_counts(tmp_path: Path, root: Path) -> None:
    write(root / "pod", {"memory.max": GB, "memory.current": GB // 4})
    write(root / "pod/inner", {"memory.max": "max", "memory.current": GB // 4})
    limit = memory_limit(root, member(tmp_path, "0::/pod/inner"))
    assert limit is not None
    assert limit.free_bytes == GB - GB // 4


def test_a_path_of_the_host_falls_back_to_the_mounted_root(tmp_path: Path, root: Path) -> None:
    write(root, {"memory/memory.limit_in_bytes": GB, "memory/memory.usage_in_bytes": 1000})
    limit = memory_limit(root, member(tmp_path, "4:memory:/docker/0123", "0::/"))
    assert limit is not None
    assert limit.free_bytes == GB - 1000


def test_version_1_without_a_limit(tmp_path: Path, root: Path) -> None:
    write(root, {"memory/memory.limit_in_bytes": NO_LIMIT, "memory/memory.usage_in_bytes": 1})
    assert memory_limit(root, member(tmp_path, "4:memory:/")) is None


def test_more_used_than_allowed_leaves_nothing(tmp_path: Path, root: Path) -> None:
    write(root, {"memory.max": GB, "memory.current": 2 * GB})
    limit = memory_limit(root, member(tmp_path, "0::/"))
    assert limit is not None
    assert limit.free_bytes == 0


@pytest.mark.parametrize(
    ("files", "line", "cpus"),
    [
        ({"cpu.max": "150000 100000"}, "0::/", 1.5),
        ({"cpu.max": "max 100000"}, "0::/", None),
        ({"cpu/cpu.cfs_quota_us": 50000, "cpu/cpu.cfs_period_us": 100000}, "1:cpu:/", 0.5),
        ({"cpu/cpu.cfs_quota_us": -1, "cpu/cpu.cfs_period_us": 100000}, "1:cpu:/", None),
        (
            {"cpu,cpuacct/cpu.cfs_quota_us": 200000, "cpu,cpuacct/cpu.cfs_period_us": 100000},
            "1:cpu,cpuacct:/",
            2,
        ),
    ],
)
def test_the_share_of_cpu_time(
    tmp_path: Path, root: Path, files: dict[str, object], line: str, cpus: float | None
) -> None:
    write(root, files)
    assert cpu_limit(root, member(tmp_path, line)) == cpus


def test_without_control_groups_there_is_no_limit(tmp_path: Path, root: Path) -> None:
    assert memory_limit(root, tmp_path / "none") is None
    assert cpu_limit(root, member(tmp_path, "0::/", "nonsense", "1:cpu")) is None
