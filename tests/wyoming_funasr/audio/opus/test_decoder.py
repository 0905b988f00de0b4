"""Opus decoded as it arrives is what libsndfile makes of the whole file."""

import io
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.opus import ogg, opus_packets
from tests.support.speech import DATA, RATE_HZ, SPEECH, read_pcm
from wyoming_funasr.audio.opus.decoder import make_decoder
from wyoming_funasr.audio.opus.ogg_writer import ogg_file
from wyoming_funasr.audio.opus.packets import RATE_HZ as OPUS_HZ
from wyoming_funasr.audio.opus.packets import packet_samples
from wyoming_serving.audio import Samples, encode_pcm16
from wyoming_serving.errors import ErrorCode, ServiceError

PACKETS = opus_packets(SPEECH, RATE_HZ)


def as_samples(pcm: bytes) -> Samples:
    samples: Samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    return samples


def at_once(packets: Sequence[bytes]) -> Samples:
    """What libsndfile makes of all packets."""
    samples, _ = soundfile.read(io.BytesIO(ogg_file(packets, 0)), dtype="float32")
    return as_samples(encode_pcm16(samples))


@pytest.fixture(scope="module")
def whole() -> Samples:
    return at_once(PACKETS)


def noise_db(samples: Samples, expected: Samples) -> float:
    """How loud the difference is, beside what is expected."""
    return float(20 * np.log10(np.std(samples - expected) / np.std(expected)))


@pytest.mark.parametrize("recording", sorted(DATA.glob("*.wav")), ids=lambda file: file.stem)
def test_packets_one_by_one_sound_as_the_whole(recording: Path) -> None:
    decoder, packets = make_decoder("opus"), opus_packets(read_pcm(recording), RATE_HZ)
    parts = [decoder.decode(packet) for packet in packets]
    assert [len(part) // 2 for part in parts] == list(map(packet_samples, packets))
    assert noise_db(as_samples(b"".join(parts)), at_once(packets)) < -40


@pytest.mark.parametrize("size", [50, 900])
def test_a_file_in_parts_sounds_as_the_whole(size: int, whole: Samples) -> None:
    decoder, file = make_decoder("ogg"), ogg(SPEECH, RATE_HZ)
    parts = [decoder.decode(file[at : at + size]) for at in range(0, len(file), size)]
    assert noise_db(as_samples(b"".join(parts)), whole) < -40


@pytest.mark.parametrize(
    "wrong", [b"", b"\xff", b"\xff\0", b"\xff" * 10, b"\x03\x3f" + bytes(9), bytes(70_000)]
)
def test_what_is_no_packet_leaves_no_trace(wrong: bytes) -> None:
    decoder, undisturbed = make_decoder("opus"), make_decoder("opus")
    for at, packet in enumerate(PACKETS[:12]):
        if at == 6:
            with pytest.raises(ServiceError, match="no Opus packet") as failed:
                decoder.decode(wrong)
            assert failed.value.code is ErrorCode.AUDIO_INVALID
        assert decoder.decode(packet) == undisturbed.decode(packet)


@pytest.mark.parametrize(
    ("packet", "milliseconds"),
    [
        (b"\x00\0", 10),  # SILK
        (b"\x59\0\0", 120),
        (b"\x60\0", 10),  # hybrid
        (b"\x6a\0\0", 40),
        (b"\x80\0", 2.5),  # CELT
        (b"\xf8\0", 20),
        (b"\xfb\x03\0\0\0", 60),
    ],
)
def test_a_packet_says_how_long_it_is(packet: bytes, milliseconds: float) -> None:
    assert packet_samples(packet) == milliseconds * OPUS_HZ / 1000


def test_pages_of_long_packets_are_whole() -> None:
    """A packet whose length fills its last segment needs an empty one behind it."""
    for size in (254, 255, 256, 1275):
        packet = b"\xf8" + bytes(size - 1)
        file = ogg_file([packet], 0)
        begin = file.rindex(b"OggS")
        count = file[begin + 26]
        assert sum(struct.unpack(f"{count}B", file[begin + 27 : begin + 27 + count])) == size
        assert len(soundfile.read(io.BytesIO(file))[0]) == 960
