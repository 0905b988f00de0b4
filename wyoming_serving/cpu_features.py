"""What this CPU can compute with, as Linux says it (`/proc/cpuinfo`)."""

import platform
from functools import cache
from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")
_X86 = ("x86_64", "amd64")

_KERNELS = (
    ("avx512_vnni", "AVX-512 VNNI"), ("avx_vnni", "AVX-VNNI"), ("avx512f", "AVX-512"),
    ("avx2", "AVX2"), ("avx", "AVX"), ("sse4_1", "SSE4.1"),
    ("i8mm", "NEON with int8 matrix products"), ("asimddp", "NEON with dot products"),
    ("asimd", "NEON"),
)  # fmt: skip
"""Flags by which ONNX Runtime chooses its kernels, the fastest first."""

_NEEDED = {"ssse3": "SSSE3", "sse4_1": "SSE4.1", "sse4_2": "SSE4.2", "popcnt": "POPCNT"}
"""What numpy's wheels for x86-64 take for granted (x86-64-v2)."""


@cache
def cpu_flags() -> frozenset[str]:
    """The features of the first core; empty where the system does not tell."""
    try:
        lines = CPU_INFO.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return frozenset()
    found = (line.partition(":") for line in lines)
    flags = (rest for name, _, rest in found if name.strip() in ("flags", "Features"))
    return frozenset(next(flags, "").split())


def is_x86() -> bool:
    """Whether this is an x86-64 CPU."""
    return platform.machine().lower() in _X86


def kernels() -> str:
    """The instructions that the fastest usable kernels are written for; empty if unknown."""
    flags = cpu_flags()
    return next((name for flag, name in _KERNELS if flag in flags), "")


def missing_instructions() -> list[str]:
    """Instructions that the installed libraries need and this CPU does not have."""
    flags = cpu_flags()
    if not flags or not is_x86():
        return []
    return [name for flag, name in _NEEDED.items() if flag not in flags]
