"""Opus in `/v1/listen`, bare and in containers: it is decoded, and what is none is told."""

import sys
from functools import partial
from typing import Any

import numpy as np
import pytest

from tests.support.opus import container
from tests.support.speech import DATA, RATE_HZ, noise, read_pcm
from tests.wyoming_funasr.api.listener import serving
from tests.wyoming_funasr.conftest import ServiceMaker
from wyoming_serving.audio import encode_pcm16

KITCHEN = read_pcm(DATA / "kitchen_light_off_en.wav")
QUIET = encode_pcm16(noise(1.0, 0.0005))


@pytest.fixture
def demo(make_service: ServiceMaker) -> ServiceMaker:
    return partial(make_service, "--model-dir", "demo")


async def test_opus_is_decoded_and_what_is_none_is_told(demo: ServiceMaker) -> None:
    packets = opus_packets(KITCHEN + QUIET)
    async with serving(demo) as server, server.connect() as listener:
        await listener.start(audio={"encoding": "opus"}, partials=False)
        for wrong in (b"", b"\xff" * 10, bytes(70_000)):
            await listener.socket.send_bytes(wrong)
            assert (await listener.error())[0] == "audio-invalid"
        for packet in packets:
            await listener.socket.send_bytes(packet)
        final = await listener.final()
    assert "light" in final["text"].lower()


@pytest.mark.parametrize("kind", ["ogg", "webm"])
@pytest.mark.parametrize("size", [333, 20_000])
async def test_a_live_container_is_decoded(kind: str, size: int, demo: ServiceMaker) -> None:
    file = container(kind, KITCHEN + QUIET, RATE_HZ)
    async with serving(demo) as server, server.connect() as listener:
        await listener.start(audio={"encoding": kind}, partials=False)
        await listener.audio(file, size)
        assert "light" in (await listener.final())["text"].lower()
        await listener.audio(file, size)  # the recorder begins anew
        assert "light" in (await listener.final())["text"].lower()


@pytest.mark.parametrize("kind", ["ogg", "webm"])
async def test_a_container_that_cannot_be_read_ends_its_session(
    kind: str, demo: ServiceMaker
) -> None:
    file = container(kind, KITCHEN + QUIET, RATE_HZ)
    async with serving(demo) as server:
        async with server.connect() as listener, server.connect() as neighbour:
            await neighbour.start(audio={"encoding": kind}, partials=False)
            await listener.start(audio={"encoding": kind}, partials=False)
            await listener.audio(file[:1_000])
            await listener.socket.send_bytes(bytes(1 << 19))
            assert (await listener.error())[0] == "audio-invalid"
            assert await listener.ended() == 1008
            await neighbour.audio(file)
            assert "light" in (await neighbour.final())["text"].lower()


async def test_opus_without_its_package_names_the_extra(
    demo: ServiceMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    async with serving(demo) as server, server.connect() as listener:
        await listener.say("start", audio={"encoding": "opus"})
        code, text, _ = await listener.error()
        assert code == "unsupported-encoding" and "[media]" in text
        await listener.start()
        await listener.audio(KITCHEN)
        await listener.say("flush")
        assert "light" in (await listener.final())["text"].lower()


def opus_packets(pcm: bytes) -> list[bytes]:
    """16 kHz mono PCM as Opus, 20 ms a packet."""
    import av

    encoder: Any = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.format, encoder.layout = 16_000, "s16", "mono"
    encoder.open()
    samples = np.frombuffer(pcm, "<i2")
    packets = []
    for at in range(0, len(samples) - encoder.frame_size, encoder.frame_size):
        frame: Any = av.AudioFrame.from_ndarray(
            samples[None, at : at + encoder.frame_size], format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts = 16_000, at
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets
