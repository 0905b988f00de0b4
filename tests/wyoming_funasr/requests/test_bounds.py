"""No request holds the event loop: other clients are served while one sends a lot."""

import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event

from tests.support.event_loop import watched_loop
from tests.support.speech import SPEECH
from tests.support.wire import Wire, connect, encode
from tests.wyoming_funasr.conftest import ServiceMaker
from wyoming_serving.service import running

LONGEST_SECONDS = 0.05


async def longest_step(port: int, wire: Wire, *events: bytes) -> float:
    """Seconds of CPU time for which the server's loop was held until its transcript came."""
    async with watched_loop() as watch:
        await wire.send(*events)
        assert Transcript.from_event(await wire.read_type("transcript")) is not None
    return watch.longest_seconds


async def test_a_huge_chunk_that_must_be_resampled_holds_nobody(
    make_service: ServiceMaker,
) -> None:
    eight_bit = bytes(byte ^ 128 for byte in SPEECH[1::2])  # the upper bytes, unsigned
    audio = (eight_bit * (1 + (8 << 20) // len(eight_bit)))[: 8 << 20]
    chunk = AudioChunk(rate=8_000, width=1, channels=1, audio=audio)
    events = [encode(event) for event in (Transcribe(), chunk, AudioStop())]
    async with running(make_service("--max-utterance-seconds", "600")) as port:
        async with connect(port) as wire:
            assert await longest_step(port, wire, *events) < LONGEST_SECONDS


@pytest.mark.parametrize("width", [1, 3])
async def test_a_huge_chunk_of_many_channels_holds_nobody(
    make_service: ServiceMaker, width: int
) -> None:
    audio = bytes(8 << 20)[: (8 << 20) // (8 * width) * 8 * width]
    chunk = AudioChunk(rate=48_000, width=width, channels=8, audio=audio)
    events = [encode(event) for event in (Transcribe(), chunk, AudioStop())]
    async with running(make_service()) as port, connect(port) as wire:
        assert await longest_step(port, wire, *events) < LONGEST_SECONDS


async def test_as_many_hotwords_as_an_event_holds_hold_nobody(make_service: ServiceMaker) -> None:
    names = [f"{i:x}" for i in range(15_000)]
    events = [
        encode(Event("transcribe", {"transcript_names": names})),
        *map(encode, (AudioStart(rate=16_000, width=2, channels=1), AudioStop())),
    ]
    async with running(make_service()) as port, connect(port) as wire:
        assert await longest_step(port, wire, *events) < LONGEST_SECONDS
