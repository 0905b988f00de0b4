"""Start the services with their demo models, use them once as a client, and go on serving.

A recording goes in through the socket, its transcript comes out.

    python -m demo [--once] [--uri tcp://127.0.0.1:10300] [FILE.wav ...]
"""

import argparse
import asyncio
import contextlib
import sys
import time
from pathlib import Path

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.error import Error

from wyoming_funasr.files import read_audio
from wyoming_funasr.recognition import SAMPLE_RATE_HZ
from wyoming_serving.audio import encode_pcm16

RECORDINGS = Path(__file__).parent.parent / "tests" / "data"
DEFAULT_FILES = [RECORDINGS / "kitchen_light_off_en.wav", RECORDINGS / "bedroom_light_off_zh.wav"]
CHUNK_BYTES = 2048
START_SECONDS = 120.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE.wav", default=DEFAULT_FILES)
    parser.add_argument("--once", action="store_true", help="end after the recordings")
    parser.add_argument("--uri", default="tcp://127.0.0.1:10300", help="where the service listens")
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(run(given.uri, given.files, once=given.once))
    return 0


async def run(uri: str, files: list[Path], *, once: bool) -> int:
    """Serve, transcribe `files` through the socket, and wait; gives the exit status."""
    service = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "wyoming_funasr", "--model-dir", "demo", "--uri", uri, "--offline"
    )
    try:
        await _wait_until_it_listens(uri, service)
        # waits for the model, so that the latencies below are those of a running service
        await _transcribe(uri, encode_pcm16(read_audio(files[0])))
        for file in files:
            await _show(uri, file)
        if once:
            return 0
        print(f"\nServing on {uri}; Ctrl-C ends it.", flush=True)
        return await service.wait()
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


async def _show(uri: str, file: Path) -> None:
    pcm = encode_pcm16(read_audio(file))
    heard, latency_ms = await _transcribe(uri, pcm)
    seconds = len(pcm) / 2 / SAMPLE_RATE_HZ
    print(f"\n{file.name} ({seconds:.1f} s)")
    print(f"  text      {heard.text}")
    print(f"  language  {heard.language}")
    print(f"  latency   {latency_ms:.0f} ms after the last audio", flush=True)


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
        event = await client.read_event()
    if event is None or Error.is_type(event.type):
        raise SystemExit(f"no transcript: {event.data['text'] if event else 'connection lost'}")
    return Transcript.from_event(event), (time.monotonic() - stopped) * 1000


if __name__ == "__main__":
    sys.exit(main())
