"""Start both services with their demo models, let them talk to each other, and go on serving.

A recording goes in through the socket, its transcript comes out; the other service answers by
saying what was understood, into a WAV file, and that file is recognized again.

    python -m demo [--once] [--stt-uri URI] [--tts-uri URI] [--output FOLDER] [FILE.wav ...]
"""

import argparse
import asyncio
import contextlib
import sys
import time
import wave
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.tts import Synthesize

from wyoming_funasr.audio.fbank import SAMPLE_RATE_HZ
from wyoming_funasr.files import read_audio
from wyoming_serving.audio import encode_pcm16

RECORDINGS = Path(__file__).parent.parent / "tests" / "data"
DEFAULT_FILES = [RECORDINGS / "kitchen_light_off_en.wav", RECORDINGS / "bedroom_light_off_zh.wav"]
CHUNK_BYTES = 2048
START_SECONDS = 120.0


@dataclass(frozen=True)
class Speech:
    """What the voice said: 16-bit mono PCM, and when its first audio came."""

    rate_hz: int
    pcm: bytes
    first_audio_ms: float
    whole_ms: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE.wav", default=DEFAULT_FILES)
    parser.add_argument("--once", action="store_true", help="end after the recordings")
    parser.add_argument("--stt-uri", default="tcp://127.0.0.1:10300", help="speech to text")
    parser.add_argument("--tts-uri", default="tcp://127.0.0.1:10200", help="text to speech")
    parser.add_argument("--output", type=Path, default=Path("demo-output"), metavar="FOLDER")
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(run(given))
    return 0


async def run(given: argparse.Namespace) -> int:
    """Serve, let each recording go round, and wait; gives the exit status."""
    async with AsyncExitStack() as running:
        services = [
            await running.enter_async_context(_service(package, option, uri))
            for package, option, uri in (
                ("wyoming_funasr", "--model-dir", given.stt_uri),
                ("wyoming_melotts", "--voice", given.tts_uri),
            )
        ]
        # waits for the models, so that the latencies below are those of running services
        await _transcribe(given.stt_uri, encode_pcm16(read_audio(given.files[0])))
        await _speak(given.tts_uri, "你好。")
        await _speak(given.tts_uri, "Hello.")
        given.output.mkdir(parents=True, exist_ok=True)
        for file in given.files:
            await _go_round(file, given)
        if given.once:
            return 0
        print(f"\nServing on {given.stt_uri} and {given.tts_uri}; Ctrl-C ends it.", flush=True)
        return max(await asyncio.gather(*(service.wait() for service in services)))


@asynccontextmanager
async def _service(
    package: str, option: str, uri: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A service with its demo model, from when it listens."""
    service = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        package,
        option,
        "demo",
        "--uri",
        uri,
        "--offline",
        "--log-level",
        "warning",
    )
    try:
        await _wait_until_it_listens(uri, service)
        yield service
    finally:
        if service.returncode is None:
            service.terminate()
            await service.wait()


async def _wait_until_it_listens(uri: str, service: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(START_SECONDS):
        while True:
            try:
                async with AsyncClient.from_uri(uri):
                    return
            except OSError:
                if service.returncode is not None:
                    raise SystemExit("the service did not start; its log says why") from None
                await asyncio.sleep(0.1)


async def _go_round(file: Path, given: argparse.Namespace) -> None:
    """Recognize a recording, say what was understood, recognize that."""
    pcm = encode_pcm16(read_audio(file))
    heard, heard_ms = await _transcribe(given.stt_uri, pcm)
    seconds = len(pcm) / 2 / SAMPLE_RATE_HZ
    print(f"\n{file.name} ({seconds:.1f} s)")
    print(f"  heard     {heard.text}  [{heard.language}, {heard_ms:.0f} ms after the last audio]")
    spoken = await _speak(given.tts_uri, heard.text)
    path = given.output / file.name
    _write_wav(path, spoken)
    seconds = len(spoken.pcm) / 2 / spoken.rate_hz
    print(f"  spoken    {path}  [first audio {spoken.first_audio_ms:.0f} ms,", end=" ")
    print(f"all {seconds:.1f} s of it {spoken.whole_ms:.0f} ms]")
    again, again_ms = await _transcribe(given.stt_uri, encode_pcm16(read_audio(path)))
    print(f"  heard     {again.text}  [{again.language}, {again_ms:.0f} ms]", flush=True)


async def _transcribe(uri: str, pcm: bytes) -> tuple[Transcript, float]:
    pcm_format = {"rate": SAMPLE_RATE_HZ, "width": 2, "channels": 1}
    async with AsyncClient.from_uri(uri) as client:
        await client.write_event(Transcribe().event())
        await client.write_event(AudioStart(**pcm_format).event())
        for start in range(0, len(pcm), CHUNK_BYTES):
            piece = pcm[start : start + CHUNK_BYTES]
            await client.write_event(AudioChunk(audio=piece, **pcm_format).event())
        await client.write_event(AudioStop().event())
        stopped = time.monotonic()
        event = await _next_event(client)
    return Transcript.from_event(event), (time.monotonic() - stopped) * 1000


async def _speak(uri: str, text: str) -> Speech:
    async with AsyncClient.from_uri(uri) as client:
        asked = time.monotonic()
        await client.write_event(Synthesize(text=text).event())
        rate_hz = AudioStart.from_event(await _next_event(client)).rate
        first_audio_ms = (time.monotonic() - asked) * 1000
        pcm = b""
        while AudioChunk.is_type((event := await _next_event(client)).type):
            pcm += AudioChunk.from_event(event).audio
    return Speech(rate_hz, pcm, first_audio_ms, (time.monotonic() - asked) * 1000)


async def _next_event(client: AsyncClient) -> Event:
    event = await client.read_event()
    if event is None or Error.is_type(event.type):
        raise SystemExit(f"no answer: {event.data['text'] if event else 'connection lost'}")
    return event


def _write_wav(path: Path, speech: Speech) -> None:
    with wave.open(str(path), "wb") as file:
        file.setframerate(speech.rate_hz)
        file.setsampwidth(2)
        file.setnchannels(1)
        file.writeframes(speech.pcm)


if __name__ == "__main__":
    sys.exit(main())
