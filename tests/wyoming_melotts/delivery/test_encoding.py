"""Formats of audio, each encoded in pieces and read again by a library."""

import io
import struct

import numpy as np
import pytest
import soundfile

from wyoming_melotts.delivery.encoding import OPENAI_PCM_HZ, AudioFormat, make_encoder
from wyoming_serving.audio import Samples, encode_pcm16

SECONDS = 3
FRAME_SECONDS = 0.1
"""What a lossy format may add at its ends, and more."""


def sound(rate_hz: int) -> Samples:
    """A sweep, loud enough to tell."""
    time = np.arange(SECONDS * rate_hz) / rate_hz
    swell = np.minimum(1, np.minimum(time, SECONDS - time) / 0.1)
    sweep: Samples = (0.4 * swell * np.sin(2 * np.pi * (300 + 200 * time) * time)).astype(
        np.float32
    )
    return sweep


def encoded(audio_format: AudioFormat, rate_hz: int, piece: int = 8_191) -> list[bytes]:
    encoder = make_encoder(audio_format, rate_hz)
    pcm = encode_pcm16(sound(rate_hz))
    parts = [pcm[at : at + 2 * piece] for at in range(0, len(pcm), 2 * piece)]
    pieces = [done for part in parts for done in encoder.encode(part)]
    return [*pieces, *encoder.encode(b"", last=True)]


def with_length(flac: bytes, samples: int) -> bytes:
    """The file with its length in STREAMINFO, without which libsndfile reads none."""
    lengths = struct.unpack(">Q", flac[18:26])[0]
    assert lengths & ((1 << 36) - 1) == 0
    return flac[:18] + struct.pack(">Q", lengths | samples) + flac[26:]


@pytest.mark.parametrize("rate_hz", [44_100, 22_050, 17_000])
@pytest.mark.parametrize("audio_format", [AudioFormat.MP3, AudioFormat.OPUS, AudioFormat.FLAC])
def test_compressed_audio_can_be_read(audio_format: AudioFormat, rate_hz: int) -> None:
    pieces = encoded(audio_format, rate_hz)
    data = b"".join(pieces)
    if audio_format is AudioFormat.FLAC:
        data = with_length(data, SECONDS * rate_hz)
    heard, found_hz = soundfile.read(io.BytesIO(data))
    assert abs(len(heard) / found_hz - SECONDS) < FRAME_SECONDS
    assert np.abs(heard).max() == pytest.approx(0.4, abs=0.06)
    if audio_format is AudioFormat.FLAC:
        assert np.abs(heard - sound(rate_hz)).max() < 1e-4
    else:
        assert len(data) < SECONDS * rate_hz
    assert len(b"".join(pieces[: len(pieces) // 2])) > len(data) // 5, "it must leave as it comes"


@pytest.mark.parametrize("rate_hz", [44_100, 24_000])
def test_pcm_has_the_rate_that_openais_clients_assume(rate_hz: int) -> None:
    data = b"".join(encoded(AudioFormat.PCM, rate_hz))
    assert len(data) == 2 * SECONDS * OPENAI_PCM_HZ


def test_a_wav_file_says_that_its_length_is_unknown() -> None:
    pieces = encoded(AudioFormat.WAV, 22_050)
    assert pieces[0][:4] == b"RIFF"
    assert pieces[0][4:8] == pieces[0][40:44] == b"\xff" * 4
    assert struct.unpack("<I", pieces[0][24:28]) == (22_050,)
    assert b"".join(pieces)[44:] == encode_pcm16(sound(22_050))


@pytest.mark.parametrize(
    "rate_hz", [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]
)
def test_an_mp3_of_any_rate_begins_with_audio(rate_hz: int) -> None:
    data = b"".join(encoded(AudioFormat.MP3, rate_hz, piece=500))
    heard, found_hz = soundfile.read(io.BytesIO(data))
    assert found_hz == rate_hz
    assert abs(len(heard) / rate_hz - SECONDS) < 0.3
    assert not any(tag in data[:64] for tag in (b"Info", b"Xing"))


@pytest.mark.parametrize("audio_format", AudioFormat)
def test_nothing_is_a_file_too(audio_format: AudioFormat) -> None:
    assert all(make_encoder(audio_format, 44_100).encode(b"", last=True))
