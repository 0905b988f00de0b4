"""Audio in messages, decoded again."""

from typing import Any

import numpy as np
import pytest

from wyoming_melotts.delivery.messages import OPUS_HZ, MessageEncoder, make_message_encoder
from wyoming_serving.audio import Samples, encode_pcm16

SECONDS = 1.01
"""Not a whole number of packets."""


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("piece_bytes", [101, 3_001, 1 << 20])
def test_opus_packets_hold_the_sound_6_ms_late(rate_hz: int, piece_bytes: int) -> None:
    packets = encoded(make_message_encoder("opus", rate_hz, OPUS_HZ), rate_hz, piece_bytes)
    heard, sweep = decoded(packets), sound(OPUS_HZ)
    assert 0 <= len(heard) - len(sweep) - 312 < 960
    lags = range(0, 480, 6)
    likeness = [float(sweep @ heard[lag : lag + len(sweep)]) for lag in lags]
    assert lags[int(np.argmax(likeness))] == 312
    assert np.corrcoef(sweep, heard[312 : 312 + len(sweep)])[0, 1] > 0.95


def test_pcm_comes_at_the_rate_that_is_asked_for() -> None:
    encoder = make_message_encoder("pcm16", 44_100, 16_000)
    messages = encoded(encoder, 44_100, 3_001)
    assert sum(map(encoder.seconds, messages)) == pytest.approx(SECONDS, abs=0.001)
    assert len(b"".join(messages)) == pytest.approx(2 * SECONDS * 16_000, abs=4)


@pytest.mark.parametrize("encoding", ["pcm16", "opus"])
def test_nothing_is_no_message(encoding: Any) -> None:
    assert list(make_message_encoder(encoding, 44_100, OPUS_HZ).encode(b"", last=True)) == []


def encoded(encoder: MessageEncoder, rate_hz: int, piece_bytes: int) -> list[bytes]:
    pcm = encode_pcm16(sound(rate_hz))
    parts = [pcm[at : at + piece_bytes] for at in range(0, len(pcm), piece_bytes)]
    messages = [done for part in parts for done in encoder.encode(part)]
    messages += encoder.encode(b"", last=True)
    assert all(messages)
    return messages


def decoded(packets: list[bytes]) -> Samples:
    import av

    decoder: Any = av.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout = OPUS_HZ, "mono"
    frames = [frame for packet in packets for frame in decoder.decode(av.Packet(packet))]
    pcm = b"".join(frame.to_ndarray().tobytes() for frame in frames)
    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(1 << 15)


def sound(rate_hz: int) -> Samples:
    """A sweep."""
    time = np.arange(int(SECONDS * rate_hz)) / rate_hz
    return np.float32(0.4) * np.sin(2 * np.pi * (200 + 300 * time) * time).astype(np.float32)
