"""Files of many formats become the same samples; what is none says so."""

import io
import wave

import numpy as np
import pytest
import soundfile

from tests.support.speech import DATA, RATE_HZ, noise, speech_samples
from wyoming_funasr.recordings.decoding import decode
from wyoming_serving.audio import Samples, join
from wyoming_serving.errors import ServiceError

WAV = (DATA / "attic_light_en.wav").read_bytes()


def decoded(data: bytes) -> Samples:
    return join(decode(io.BytesIO(data)))


def encoded(
    format: str, samples: np.ndarray, rate_hz: int = RATE_HZ, subtype: str | None = None
) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, format=format, subtype=subtype)
    return file.getvalue()


def media(container: str, codec: str) -> bytes:
    """The speech as PyAV writes it."""
    av = pytest.importorskip("av", reason="needs PyAV: pip install '.[media]'")
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=48_000, layout="mono")
        resampler = av.AudioResampler(stream.format, "mono", 48_000, stream.frame_size or None)
        frame = av.AudioFrame.from_ndarray(speech_samples()[None], "flt", "mono")
        frame.sample_rate = RATE_HZ
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    return file.getvalue()


def test_wav_at_16_khz_comes_as_it_is() -> None:
    assert np.array_equal(decoded(WAV), speech_samples())


@pytest.mark.parametrize(
    ("format", "subtype"),
    [("WAV", "FLOAT"), ("FLAC", None), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", None)],
)
def test_what_soundfile_reads_sounds_the_same(format: str, subtype: str | None) -> None:
    assert_alike(decoded(encoded(format, speech_samples(), subtype=subtype)))


@pytest.mark.parametrize(
    ("container", "codec"), [("mp4", "aac"), ("webm", "libopus"), ("adts", "aac")]
)
def test_what_pyav_reads_sounds_the_same(container: str, codec: str) -> None:
    assert_alike(decoded(media(container, codec)))


def test_channels_and_rates_are_brought_together() -> None:
    stereo = np.stack([speech_samples(), np.zeros(len(speech_samples()), np.float32)], axis=1)
    assert np.allclose(decoded(encoded("FLAC", stereo)), speech_samples() / 2, atol=1e-3)
    assert len(decoded(encoded("WAV", noise(2), 8_000))) == pytest.approx(4 * RATE_HZ, abs=2)


def test_values_that_no_network_takes_are_replaced() -> None:
    wild = np.array([np.nan, np.inf, -np.inf, 7.0, 0.5], np.float32)
    assert decoded(encoded("WAV", wild, subtype="FLOAT")).tolist() == [0.0, 1.0, -1.0, 1.0, 0.5]


def test_a_file_without_samples_is_silence() -> None:
    assert len(decoded(encoded("WAV", np.zeros(0, np.float32)))) == 0


@pytest.mark.parametrize("rate_hz", [0, 100, 2_000_000_000])
def test_a_header_cannot_claim_any_rate(rate_hz: int) -> None:
    broken = bytearray(WAV)
    broken[24:28] = rate_hz.to_bytes(4, "little")
    with pytest.raises(ServiceError, match=r"Hz|known here"):
        decoded(bytes(broken))


def test_a_header_cannot_claim_any_number_of_channels() -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setparams((500, 2, RATE_HZ, 0, "NONE", ""))
        wav.writeframes(bytes(1000))
    with pytest.raises(ServiceError, match="500 channels"):
        decoded(file.getvalue())


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b"not audio at all, just words", "not audio"),
        (b"RIFF", "not audio"),
        (bytes(5000), "not audio"),
        (b"\0\0\0\x20ftypM4A " + bytes(5000), "cannot be decoded|PyAV"),
        (b"\x1a\x45\xdf\xa3" + bytes(5000), "cannot be decoded|PyAV"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n", "not audio"),
    ],
)
def test_what_is_no_audio_says_so(data: bytes, told: str) -> None:
    with pytest.raises(ServiceError, match=told) as failed:
        decoded(data)
    assert failed.value.code in ("audio-invalid", "extra-missing")


def test_a_file_that_is_cut_off_gives_what_is_there_or_says_so() -> None:
    for format in ("WAV", "FLAC", "OGG", "MP3"):
        whole = encoded(format, noise(3, 0.1))
        try:
            assert len(decoded(whole[: len(whole) // 2])) < 3 * RATE_HZ
        except ServiceError as error:
            assert error.code == "audio-invalid"


def assert_alike(samples: Samples) -> None:
    """The speech, but for what an encoder loses and where it begins."""
    speech = speech_samples()
    assert len(samples) == pytest.approx(len(speech), abs=RATE_HZ // 4)
    length = min(len(samples), len(speech))
    assert np.corrcoef(loudness(samples[:length]), loudness(speech[:length]))[0, 1] > 0.9


def loudness(samples: Samples) -> np.ndarray:
    """Of each 100 ms."""
    whole = len(samples) - len(samples) % 1600
    loud: np.ndarray = np.abs(samples[:whole].reshape(-1, 1600)).mean(axis=1)
    return loud
