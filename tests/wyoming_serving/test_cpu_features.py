"""What CPUs say of themselves, and what is made of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from wyoming_serving import cpu_features
from wyoming_serving.models import int8_weights

X86_64_V2 = "fpu sse sse2 ssse3 sse4_1 sse4_2 popcnt"


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    cpu_features.cpu_flags.cache_clear()
    yield
    cpu_features.cpu_flags.cache_clear()


@pytest.mark.parametrize(
    ("machine", "flags", "kernels", "missing", "largest_pair"),
    [
        ("x86_64", f"flags\t: {X86_64_V2} avx avx2 avx512f avx512_vnni", "AVX-512 VNNI", [], 254),
        ("x86_64", f"flags\t: {X86_64_V2} avx avx2", "AVX2", [], 127),
        ("x86_64", f"flags\t: {X86_64_V2}", "SSE4.1", [], 127),
        ("x86_64", "flags\t: fpu sse sse2 ssse3", "", ["SSE4.1", "SSE4.2", "POPCNT"], 127),
        ("aarch64", "Features\t: fp asimd crc32", "NEON", [], 254),
        ("aarch64", "Features\t: fp asimd asimddp", "NEON with dot products", [], 254),
        ("aarch64", "nothing is said", "", [], 254),
    ],
)
def test_features_choose_kernels_and_weights(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    machine: str,
    flags: str,
    kernels: str,
    missing: list[str],
    largest_pair: int,
) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(f"processor\t: 0\n{flags}\n\nprocessor\t: 1\n{flags}\n")
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr(cpu_features, "CPU_INFO", file)
    assert cpu_features.kernels() == kernels
    assert cpu_features.missing_instructions() == missing
    assert int8_weights.largest_pair() == largest_pair
