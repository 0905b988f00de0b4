import numpy as np
import numpy.typing as npt
import pytest

from wyoming_serving.audio import PcmDecoder, PcmFormat, encode_pcm16
from wyoming_serving.errors import InvalidEvent

TONE = (0.5 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)).astype(np.float32)


def pcm(samples: np.ndarray, width: int, channels: int) -> bytes:
    """Float samples as interleaved PCM of a width, the same in each channel."""
    return np.repeat(pcm_array(samples, width)[:, None, :], channels, axis=1).tobytes()


def pcm_array(samples: np.ndarray, width: int) -> npt.NDArray[np.uint8]:
    """The bytes of mono PCM of a width, shape [samples, width]."""
    if width == 1:
        return ((samples * 127) + 128).astype(np.uint8).reshape(-1, 1)
    wide: npt.NDArray[np.int32] = (samples * (2.0 ** (8 * width - 1) - 1)).astype("<i4")
    return wide.view(np.uint8).reshape(-1, 4)[:, :width]


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_width_and_channel_count_gives_the_same_mono_signal(width: int, channels: int) -> None:
    decoder = PcmDecoder(PcmFormat(16_000, width, channels), 16_000)
    decoded = decoder.decode(pcm(TONE, width, channels), last=True)
    assert decoded.shape == TONE.shape
    assert np.abs(decoded - TONE).max() < (0.02 if width == 1 else 1e-4)


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 48_000])
def test_any_rate_becomes_the_wanted_one(rate: int) -> None:
    tone = (0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)).astype(np.float32)
    decoder = PcmDecoder(PcmFormat(rate, 2, 1), 16_000)
    data = pcm(tone, 2, 1)
    pieces = [decoder.decode(data[i : i + 999]) for i in range(0, len(data), 999)]
    decoded = np.concatenate([*pieces, decoder.decode(b"", last=True)])
    assert abs(len(decoded) - 16_000) <= 2
    middle = slice(2_000, 14_000)
    assert np.abs(decoded[middle] - TONE[middle]).max() < 0.01


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_channels_are_mixed_in_equal_shares(width: int) -> None:
    frames = np.stack([pcm_array(TONE, width), pcm_array(-0.5 * TONE, width)], axis=1)
    decoder = PcmDecoder(PcmFormat(16_000, width, 2), 16_000)
    decoded = decoder.decode(frames.tobytes(), last=True)
    assert np.abs(decoded - 0.25 * TONE).max() < (0.02 if width == 1 else 1e-4)


def test_bytes_may_be_split_anywhere() -> None:
    data = pcm(TONE, 3, 2)
    decoder = PcmDecoder(PcmFormat(16_000, 3, 2), 16_000)
    pieces = [decoder.decode(data[i : i + 7]) for i in range(0, len(data), 7)]
    whole = PcmDecoder(PcmFormat(16_000, 3, 2), 16_000).decode(data)
    assert np.array_equal(np.concatenate(pieces), whole)


def test_an_unfinished_frame_at_the_end_is_dropped() -> None:
    decoder = PcmDecoder(PcmFormat(16_000, 2, 1), 16_000)
    assert len(decoder.decode(b"\0\0\0", last=True)) == 1


@pytest.mark.parametrize(
    ("rate", "width", "channels", "name"),
    [
        (7_999, 2, 1, "rate"),
        (96_000, 2, 1, "rate"),
        ("x", 2, 1, "rate"),
        (True, 2, 1, "rate"),
        (16_000, 0, 1, "width"),
        (16_000, 5, 1, "width"),
        (16_000, 2, 0, "channels"),
        (16_000, 2, None, "channels"),
    ],
)
def test_a_wrong_format_is_named(rate: object, width: object, channels: object, name: str) -> None:
    with pytest.raises(InvalidEvent, match=f"audio {name} must be from"):
        PcmFormat.checked(rate, width, channels)


def test_pcm16_clips_and_keeps_silence_silent() -> None:
    encoded = encode_pcm16(np.array([0.0, 1.0, -1.0, 3.0], np.float32))
    assert np.frombuffer(encoded, "<i2").tolist() == [0, 32767, -32767, 32767]
