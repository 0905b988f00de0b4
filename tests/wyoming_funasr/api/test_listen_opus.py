"""Opus in `/v1/listen`, bare and in containers: it is decoded, and what is none is told."""

import sys
from functools import partial

import pytest

from tests.support.opus import container, ogg, opus_packets
from tests.support.speech import DATA, RATE_HZ, noise, read_pcm
from tests.wyoming_funasr.api.listener import serving
from tests.wyoming_funasr.conftest import ServiceMaker
from wyoming_serving.audio import encode_pcm16

KITCHEN = read_pcm(DATA / "kitchen_light_off_en.wav")
QUIET = encode_pcm16(noise(1.0, 0.0005))
SAID = KITCHEN + QUIET


@pytest.fixture
def demo(make_service: ServiceMaker) -> ServiceMaker:
    return partial(make_service, "--model-dir", "demo")


async def test_opus_is_decoded_and_what_is_none_is_told(demo: ServiceMaker) -> None:
    packets = opus_packets(SAID, RATE_HZ)
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
    file = container(kind, SAID, RATE_HZ)
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
    file = container(kind, SAID, RATE_HZ)
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


@pytest.mark.parametrize("encoding", ["opus", "ogg"])
async def test_opus_needs_no_more_than_libsndfile(
    encoding: str, demo: ServiceMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    whole = encoding == "ogg"
    messages = [ogg(SAID, RATE_HZ)] if whole else opus_packets(SAID, RATE_HZ)
    async with serving(demo) as server, server.connect() as listener:
        await listener.start(audio={"encoding": encoding}, partials=False)
        for message in messages:
            await listener.socket.send_bytes(message)
        assert "light" in (await listener.final())["text"].lower()
