"""No text takes more memory than a bound, whatever it is made of.

One text of 10,000 characters without an end of a sentence once took 23 GB. The server is a process
of its own, whose highest memory the kernel tells.
"""

from pathlib import Path

import pytest
from wyoming.tts import Synthesize, SynthesizeVoice

from tests.support.processes import server_process
from tests.support.wire import connect
from wyoming_melotts.settings import MelottsSettings

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="needs Linux, which tells the peak of memory"
)

LONGEST = int(MelottsSettings.model_fields["max_text_length"].default)
MOST_BYTES = 300 << 20
"""Above the idle service: the bound that docs/operations.md promises."""

ENOUGH_CHUNKS = 3
"""Of audio, after which the client leaves: from here on each piece is like those before."""

TEXTS = [
    ("demo", "一"),
    ("demo", "a"),
    ("demo", "1+"),
    ("JP", "あ"),
    ("JP", "日本"),
    ("KR", "가"),
    ("KR", "a"),
]


def _memory(process: int, name: str) -> int:
    """A line of the process's status, in bytes."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition(f"{name}:")[2].split()[0]) << 10


def _forget_peak(process: int) -> None:
    """The highest memory counts from here."""
    Path(f"/proc/{process}/clear_refs").write_text("5")


@pytest.fixture(scope="module")
def voices(random_weights: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Voices of two languages that the demo voice does not speak."""
    from tests.wyoming_melotts.tiny_voice import make_voice

    folder = tmp_path_factory.mktemp("voices")
    for key in ("JP", "KR"):
        make_voice(folder / key, {key: 0})
    return folder


async def test_no_text_takes_more_memory_than_the_bound(voices: Path, tmp_path: Path) -> None:
    words = (
        "--uri", "tcp://127.0.0.1:0", "--no-zeroconf", "--offline", "--device", "cpu",
        "--threads", "2",
        "--voice", "demo", "--voices-dir", str(voices), "--cache-dir", str(tmp_path),
    )  # fmt: skip
    async with server_process("wyoming_melotts", *words) as server:
        await server.wait_for("ready after")
        port, process = await server.port(), server.process.pid
        idle = _memory(process, "VmRSS")
        peaks = {}
        for voice, unit in TEXTS:
            _forget_peak(process)
            text = (unit * LONGEST)[:LONGEST]
            async with connect(port) as wire:
                await wire.send(Synthesize(text=text, voice=SynthesizeVoice(name=voice)))
                await wire.read_type("audio-start")
                for _ in range(ENOUGH_CHUNKS):
                    await wire.read_type("audio-chunk")
            peaks[voice, unit] = _memory(process, "VmHWM") - idle
    assert max(peaks.values()) < MOST_BYTES, peaks
