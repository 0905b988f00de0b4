"""Opus from `/v1/speak`: packets that a decoder takes, and what is said where it cannot be had."""

import sys

import numpy as np
import pytest

from tests.wyoming_melotts.api.conftest import ApiMaker
from tests.wyoming_melotts.api.speak_client import Talk, talk
from tests.wyoming_melotts.api.test_speak import LONG, TEXT
from wyoming_serving.audio import PcmDecoder, PcmFormat, Samples

OPUS_HZ = 48_000
PACKET_SAMPLES = 960
LEAD_SAMPLES = 312
"""By which libopus comes late, as its `OpusHead` says."""


@pytest.mark.parametrize("rate_hz", [44_100, 16_000])
async def test_opus_is_as_long_as_pcm(rate_hz: int, make_api: ApiMaker) -> None:
    async with make_api(sample_rate_hz=rate_hz) as api, talk(api) as client:
        await client.start(sample_rate_hz=OPUS_HZ)
        pcm = await client.say(TEXT)
        ready = await client.start(encoding="opus")
        assert (ready["encoding"], ready["sample_rate_hz"]) == ("opus", OPUS_HZ)
        packets = await messages(client, TEXT)
    plain, heard = samples(pcm.audio), decoded(packets)
    assert len(heard) == len(packets) * PACKET_SAMPLES
    assert LEAD_SAMPLES <= len(heard) - len(plain) < LEAD_SAMPLES + PACKET_SAMPLES
    assert np.std(heard) > 0.1 * np.std(plain)  # the voice of the tests is noise, Opus for speech
    assert sum(map(len, packets)) < len(pcm.audio) / 10


async def test_each_utterance_is_a_stream_of_its_own(make_api: ApiMaker) -> None:
    """What was cancelled leaves nothing behind: the same text is the same packets."""
    async with make_api() as api, talk(api) as client:
        await client.start(encoding="opus", sample_rate_hz=OPUS_HZ)
        first = await messages(client, TEXT)
        await client.send("text", text=LONG)
        while not isinstance(await client.receive(), bytes):
            pass
        await client.send("cancel")
        assert (await client.rest()).last["reason"] == "cancelled"
        assert await messages(client, TEXT) == first
        assert (await client.say("...")).last["audio_seconds"] == 0


@pytest.mark.parametrize("rate_hz", [8_000, 44_100])
async def test_opus_has_one_rate(rate_hz: int, make_api: ApiMaker) -> None:
    async with make_api() as api, talk(api) as client:
        await client.send("start", encoding="opus", sample_rate_hz=rate_hz)
        error = await client.receive_error("invalid-request")
        assert error["error"]["param"] == "start.sample_rate_hz"
        assert str(rate_hz) in error["error"]["message"]
        await client.start()
        assert (await client.say("On.")).last["reason"] == "spoken"


async def test_opus_without_its_package_names_the_extra(
    make_api: ApiMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    async with make_api() as api, talk(api) as client:
        await client.send("start", encoding="opus")
        error = await client.receive_error("unsupported-encoding")
        assert "[media]" in error["error"]["message"]
        await client.start()
        assert (await client.say("On.")).last["reason"] == "spoken"


async def messages(client: Talk, text: str) -> list[bytes]:
    """The binary messages of a text that is spoken to its end."""
    await client.send("text", text=text)
    await client.send("flush")
    packets: list[bytes] = []
    while not isinstance(message := await client.receive(), dict) or message["type"] != "done":
        assert message is not None
        if isinstance(message, bytes):
            packets.append(message)
    seconds = len(packets) * PACKET_SAMPLES / OPUS_HZ
    assert message["audio_seconds"] == pytest.approx(seconds, abs=0.001)
    return packets


def decoded(packets: list[bytes]) -> Samples:
    """Packets as samples at 48 kHz."""
    import av

    decoder = av.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout = OPUS_HZ, "mono"
    frames = [frame for packet in packets for frame in decoder.decode(av.Packet(packet))]
    return samples(b"".join(frame.to_ndarray().tobytes() for frame in frames))


def samples(pcm: bytes) -> Samples:
    """16-bit PCM as samples."""
    return PcmDecoder(PcmFormat(OPUS_HZ, 2, 1), OPUS_HZ).decode(pcm)
