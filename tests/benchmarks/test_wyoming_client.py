"""The client and the measurements, against a server with the demo model."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.plan import QUICK
from benchmarks.server_process import Program, Server, ServerError, running
from benchmarks.speech_to_text import in_bursts, in_real_time, with_pauses
from benchmarks.utterances import commands
from benchmarks.wyoming_client import Heard, RequestError, finds_the_end, send_at_once, speak

SETTINGS = ("--uri", "tcp://127.0.0.1:{port}", "--model-dir", "demo", "--no-zeroconf", "--offline",
            "--device", "cpu", "--threads", "1", "--http-port", "{http_port}")  # fmt: skip
COMMAND = (sys.executable, "-m", "wyoming_funasr")


@asynccontextmanager
async def server(*settings: str) -> AsyncIterator[Server]:
    async with running(Program("funasr-demo", COMMAND, (*SETTINGS, *settings))) as started:
        yield started


async def test_without_endpointing_the_client_ends_the_command() -> None:
    light = next(one for one in commands() if one.name == "bedroom_light_off_zh")
    async with server("--no-endpointing") as started:
        assert not await finds_the_end(started.port)
        heard = await speak(started.port, light, server_ends=False)
        assert "卧室" in heard.text
        assert heard.audio_stop_s is not None and heard.audio_stop_s > light.seconds
        assert heard.after_stop_s is not None and 0 < heard.after_stop_s < heard.after_speech_s
        found = await in_bursts(started, clients=2, count=3, audio_s=1)
        assert found["requests"] == 4 == len(found["after_stop_ms"])
        assert found["audio_s"] == 4
        usage = started.usage()
        assert usage.cpu_s > 0 and 100 < usage.memory_mb <= usage.peak_memory_mb
        with pytest.raises(RequestError, match="language 'ja'"):
            await send_at_once(started.port, light.samples, "ja")


async def test_with_endpointing_the_transcript_comes_by_itself() -> None:
    async with server("--endpointing") as started:
        assert await finds_the_end(started.port)
        burst = await send_at_once(started.port, commands()[0].samples)
        assert burst.text
        found = await in_real_time(started, clients=2, count=2)
        assert found["server_ends"] and found["requests"] == 2
        assert found["after_stop_ms"] == []
        few = replace(QUICK, every_paused=15)
        some = await with_pauses(started, clients=3, plan=few, sensitivity="relaxed")
        assert sum(some["per_pause"].values()) == some["requests"]
        assert sum(some["ended_early"].values()) == sum(some["cut_short"])


async def test_a_server_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    program = Program("broken", COMMAND, (*SETTINGS, "--model-dir", str(tmp_path / "nothing")))
    with pytest.raises(ServerError, match="nothing"):
        async with running(program):
            pass


@pytest.mark.parametrize(
    ("transcript_s", "audio_s", "cut_short"),
    [(3.5, 3.4, False), (2.0, None, True), (3.5, None, False), (3.5, 2.0, True)],
)
def test_an_utterance_is_cut_short(
    transcript_s: float, audio_s: float | None, cut_short: bool
) -> None:
    assert Heard("", 3.0, transcript_s, None, audio_s).cut_short is cut_short
