"""The command line in processes of its own."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
import soxr
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import async_read_event
from wyoming.info import Describe, Info

from tests.support.processes import START_SECONDS, server_process
from tests.support.speech import RATE_HZ, SPEECH, speech_samples
from tests.support.wire import Wire, connect, encode

FIXED = {
    "FUNASR_OFFLINE": "1", "FUNASR_DEVICE": "cpu", "FUNASR_PRECISION": "float32",
    "FUNASR_THREADS": "1",
}  # fmt: skip
REQUEST = (
    Transcribe(language="en"),
    AudioStart(rate=RATE_HZ, width=2, channels=1),
    AudioChunk(rate=RATE_HZ, width=2, channels=1, audio=SPEECH),
    AudioStop(),
)


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wyoming_funasr", *words],
        capture_output=True, text=True, env=os.environ | FIXED | environment,
        timeout=START_SECONDS, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_asking_about_it_imports_nothing_heavy(word: str) -> None:
    code = (
        "import sys; from wyoming_funasr.__main__ import main\n"
        f"try: main(['{word}'])\n"
        "except SystemExit as end: assert not end.code\n"
        "heavy = {'torch', 'funasr', 'modelscope', 'numpy', 'soundfile', 'onnxruntime'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.strip()


def test_a_wrong_setting_is_one_line_with_what_is_allowed() -> None:
    done = run("--max-batch", "many")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "wyoming-funasr: --max-batch / FUNASR_MAX_BATCH: 'many' is not allowed; "
        "allowed: a whole number from 1 to 256\n"
    )


def test_a_wrong_environment_variable_is_one_line_too() -> None:
    done = run("transcribe", "x.wav", FUNASR_LANGUAGE="de")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "wyoming-funasr: --language / FUNASR_LANGUAGE: 'de' is not allowed; "
        "allowed: auto, zh, en, yue, ja, ko\n"
    )


def test_transcribe_takes_audio_of_any_kind_and_names_what_is_none(
    tiny_sense_voice: Path, tmp_path: Path
) -> None:
    kinds = [
        (8000, 1, "PCM_16"),
        (44_100, 2, "PCM_16"),
        (16_000, 1, "PCM_24"),
        (48_000, 2, "FLOAT"),
    ]
    files = []
    for rate_hz, channels, subtype in kinds:
        samples = soxr.resample(speech_samples(), RATE_HZ, rate_hz)
        file = tmp_path / f"{rate_hz}-{subtype}.wav"
        soundfile.write(file, samples[:, None].repeat(channels, axis=1), rate_hz, subtype)
        files.append(str(file))
    no_audio = tmp_path / "notes.wav"
    no_audio.write_text("buy milk")
    missing = tmp_path / "missing.wav"
    words = ["--model-dir", str(tiny_sense_voice), "transcribe", "--json"]
    done = run(*words, files[0], str(no_audio), str(missing), *files[1:])
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["file"] for line in lines] == files
    assert all(isinstance(line["text"], str) and line["text"] for line in lines)
    assert done.returncode == 1
    errors = [line for line in done.stderr.splitlines() if line.startswith("wyoming-funasr: ")]
    assert len(errors) == 2
    assert f"{no_audio}: the file is not audio" in errors[0]
    assert f"{missing} cannot be read" in errors[1]


def test_transcribe_looks_for_the_file_before_it_looks_for_a_model(tmp_path: Path) -> None:
    missing = tmp_path / "missing.wav"
    done = run("--model-dir", str(tmp_path / "no-model"), "transcribe", str(missing))
    assert done.returncode == 1
    assert done.stderr == (f"wyoming-funasr: {missing} cannot be read: No such file or directory\n")


def test_download_of_the_demo_says_that_it_is_here() -> None:
    done = run("download", "demo")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("demo is on disk already: ")


def test_download_of_an_unknown_model_names_the_known_ones() -> None:
    done = run("download", "sensevoice-huge")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("wyoming-funasr: model 'sensevoice-huge' is neither")
    assert (
        "SenseVoiceSmall, paraformer, paraformer-zh, paraformer-zh-streaming, demo" in done.stderr
    )


async def test_serve_over_tcp_and_end_well_at_sigterm(tiny_sense_voice: Path) -> None:
    words = ["--model-dir", str(tiny_sense_voice), "--uri", "tcp://127.0.0.1:0"]
    async with server_process("wyoming_funasr", *words, **FIXED) as server:
        async with connect(await server.port()) as wire:
            await wire.send(Describe())
            info = Info.from_event(await wire.read_type("info"))
            assert info.asr[0].models[0].name == tiny_sense_voice.name
            await server.wait_for("ready after")
            await wire.send(*REQUEST)
            assert Transcript.from_event(await wire.read_type("transcript")).text
        assert await server.terminate() == 0


async def test_sigterm_while_loading_ends_well(tiny_sense_voice: Path) -> None:
    words = ["--model-dir", str(tiny_sense_voice), "--uri", "tcp://127.0.0.1:0"]
    async with server_process("wyoming_funasr", *words, **FIXED) as server:
        await server.port()
        assert await server.terminate() == 0


async def test_every_address_is_served_on_one_port(tiny_sense_voice: Path) -> None:
    words = ["--model-dir", str(tiny_sense_voice), "--uri", "tcp://0.0.0.0:0", "--no-zeroconf"]
    hosts = ["127.0.0.1"]
    with contextlib.suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        hosts.append("::1")  # containers often have none
    async with server_process("wyoming_funasr", *words, **FIXED) as server:
        port = await server.port()
        for host in hosts:
            wire = Wire(*await asyncio.open_connection(host, port))
            await wire.send(Describe())
            await wire.read_type("info")
            wire.writer.close()
        assert await server.terminate() == 0


async def test_serve_over_a_unix_socket(tiny_sense_voice: Path, tmp_path: Path) -> None:
    path = tmp_path / "asr.sock"
    words = ["--model-dir", str(tiny_sense_voice), "--uri", f"unix://{path}"]
    async with server_process("wyoming_funasr", *words, **FIXED) as server:
        await server.wait_for("ready after")
        wire = Wire(*await asyncio.open_unix_connection(path))
        await wire.send(*REQUEST)
        assert Transcript.from_event(await wire.read_type("transcript")).text
        wire.writer.close()
        assert await server.terminate() == 0


async def test_serve_over_stdio_until_the_input_ends(tiny_sense_voice: Path) -> None:
    words = ["--model-dir", str(tiny_sense_voice), "--uri", "stdio://"]
    async with server_process("wyoming_funasr", *words, **FIXED) as server:
        pipe, output = server.process.stdin, server.process.stdout
        assert pipe is not None and output is not None
        pipe.write(b"".join(map(encode, REQUEST)))
        pipe.close()
        async with asyncio.timeout(START_SECONDS):
            answer = await async_read_event(output)
            assert answer is not None
            assert Transcript.from_event(answer).text
            assert await output.read() == b""
        assert await server.status() == 0


async def test_a_port_in_use_is_named(tiny_sense_voice: Path) -> None:
    holder = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    uri = f"tcp://127.0.0.1:{holder.sockets[0].getsockname()[1]}"
    words = ["--model-dir", str(tiny_sense_voice), "--uri", uri]
    async with server_process("wyoming_funasr", *words, **FIXED) as server:
        assert await server.status() == 1
    assert f"cannot listen on {uri}: " in server.log
    assert "Traceback" not in server.log
    holder.close()
