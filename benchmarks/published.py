"""The same servers through `wyoming-bench`, the field's own program."""

import asyncio
import sys
import tempfile
from pathlib import Path

import soundfile

from benchmarks.measurement import Found
from benchmarks.server_process import Server
from benchmarks.utterances import RATE_HZ, commands

_COMMANDS = 4
_SUMMARY = "Summary (lower is better)"


class BenchError(Exception):
    """`wyoming-bench` failed; the message has its output."""


async def bench_speech_to_text(server: Server, rounds: int) -> Found:
    """Some commands, one after another, sent at once with half a second of silence behind."""
    with tempfile.TemporaryDirectory() as folder:
        write_corpus(Path(folder))
        return await _bench(server, rounds, "stt", "--corpus", folder)


async def bench_text_to_speech(server: Server, rounds: int, text: str) -> Found:
    """One text, one request after another."""
    return await _bench(server, rounds, "tts", "--texts", text)


def write_corpus(folder: Path) -> None:
    """Commands as pairs of `NAME.wav` and `NAME.txt`."""
    for command in commands()[:_COMMANDS]:
        soundfile.write(folder / f"{command.name}.wav", command.samples, RATE_HZ)
        (folder / f"{command.name}.txt").write_text(command.text + "\n", encoding="utf-8")


async def _bench(server: Server, rounds: int, task: str, *words: str) -> Found:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "wyoming_bench.cli", task, f"127.0.0.1:{server.port}",
        "--rounds", str(rounds), *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output = (await process.communicate())[0].decode()
    if process.returncode:
        raise BenchError(output)
    return {"summary": summary_lines(output)}


def summary_lines(output: str) -> list[str]:
    """The lines of the summary: for each mode its name, its columns and the server's values."""
    after = output.partition(_SUMMARY)[2].splitlines()
    return [line.strip() for line in after if line.strip() and not line.startswith("=")]
