"""Audio files of any format and length to samples, a piece at a time."""

import importlib.util
from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile

from wyoming_funasr.audio.fbank import SAMPLE_RATE_HZ
from wyoming_serving.audio import Resampler, Samples
from wyoming_serving.errors import ErrorCode, ServiceError

MIN_RATE_HZ, MAX_RATE_HZ = 1_000, 768_000
MAX_CHANNELS = 32
"""What files may have; a header can claim anything, and memory is taken by it."""

_PIECE_VALUES = 1 << 18
"""Of one piece as it stands in the file, all channels together: 16 s at 16 kHz mono."""

_MEDIA_FORMATS = "mov,matroska,aac"
"""Demuxers of FFmpeg for what soundfile does not read: MP4, M4A and 3GP; WebM and Matroska; AAC.
No others, as some open further files that a playlist names."""

Pieces = Generator[Samples, None, None]


def decode(file: BinaryIO) -> Pieces:
    """Yields the samples of a file that can be sought in: 16 kHz mono from -1 to 1.

    soundfile reads WAV, FLAC, Ogg, MP3 and more; MP4 and WebM need the extra `media`.

    Raises:
        ServiceError: `audio-invalid`, it is no audio, or breaks off; `extra-missing`.
    """
    size = file.seek(0, 2)
    file.seek(0)
    if size == 0:
        raise _invalid("the file is empty")
    try:
        opened = soundfile.SoundFile(file)
    except (soundfile.LibsndfileError, OSError) as error:
        file.seek(0)
        if not _is_media(file):
            raise _invalid(f"the file is not audio that is known here ({_reason(error)})") from None
        yield from _media(file)
        return
    with opened:
        yield from _sound(opened)


def decode_path(path: Path) -> Pieces:
    """Yields the samples of a file on disk; see `decode`.

    Raises:
        ServiceError: it cannot be read, or is no audio; the text names it.
    """
    try:
        with path.open("rb") as file:
            yield from decode(file)
    except OSError as error:
        raise _invalid(f"{path} cannot be read: {error.strerror or error}") from None
    except ServiceError as error:
        raise ServiceError(error.code, f"{path}: {error.text}") from None


def _sound(audio: soundfile.SoundFile) -> Pieces:
    rate_hz, channels = audio.samplerate, audio.channels
    if not (MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ and 1 <= channels <= MAX_CHANNELS):
        raise _invalid(
            f"{rate_hz} Hz and {channels} channels; allowed: {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz, "
            f"1 to {MAX_CHANNELS} channels"
        )
    resampler = Resampler(rate_hz, SAMPLE_RATE_HZ)
    frames = _PIECE_VALUES // channels
    while True:
        try:
            piece = audio.read(frames, dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, OSError) as error:
            raise _invalid(f"the audio breaks off ({_reason(error)})") from None
        last = len(piece) < frames
        yield resampler.resample(_clean(piece.mean(axis=1, dtype=np.float32)), last=last)
        if last:
            return


def _is_media(file: BinaryIO) -> bool:
    """Whether a file begins as what FFmpeg reads and soundfile does not."""
    head = file.read(12)
    file.seek(0)
    return (
        head[4:8] == b"ftyp"  # MP4, M4A, 3GP
        or head[:4] == b"\x1a\x45\xdf\xa3"  # Matroska, WebM
        or (head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xF6 == 0xF0)  # AAC, ADTS
    )


def _media(file: BinaryIO) -> Pieces:
    if importlib.util.find_spec("av") is None:
        raise ServiceError(
            ErrorCode.EXTRA_MISSING,
            "MP4, M4A and WebM are read with PyAV: pip install 'wyoming-funasr-melotts[media]'; "
            "without it send WAV, FLAC, Ogg or MP3",
        )
    import av

    failed: type[Exception] = av.error.FFmpegError
    try:
        with av.open(
            file, "r", container_options={"format_whitelist": _MEDIA_FORMATS}
        ) as container:
            if not container.streams.audio:
                raise _invalid("the file has no audio")
            resampler = av.AudioResampler("flt", "mono", SAMPLE_RATE_HZ)
            for frame in container.decode(container.streams.audio[0]):
                for piece in resampler.resample(frame):
                    yield _clean(piece.to_ndarray()[0])
            for piece in resampler.resample(None):
                yield _clean(piece.to_ndarray()[0])
    except (failed, OSError, ValueError) as error:
        raise _invalid(f"the file cannot be decoded ({_reason(error)})") from None


def _clean(piece: Samples) -> Samples:
    """Returns a piece without what a float file may hold and no network takes."""
    cleaned: Samples = np.clip(np.nan_to_num(piece), -1.0, 1.0)
    return cleaned


def _reason(error: Exception) -> str:
    if isinstance(error, soundfile.LibsndfileError):
        return str(error.error_string).rstrip(".")
    return getattr(error, "strerror", None) or str(error)


def _invalid(text: str) -> ServiceError:
    return ServiceError(ErrorCode.AUDIO_INVALID, text)
