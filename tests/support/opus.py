"""Opus: in containers of live streams, which only FFmpeg writes, and in Ogg files by libsndfile."""

import io
from typing import Any

import numpy as np
import pytest
import soundfile

from wyoming_funasr.audio.opus.ogg import OggReader

RATE_HZ = 48_000


def ogg(pcm: bytes, rate_hz: int) -> bytes:
    """16-bit PCM as an Ogg file."""
    file = io.BytesIO()
    soundfile.write(file, np.frombuffer(pcm, "<i2"), rate_hz, format="OGG", subtype="OPUS")
    return file.getvalue()


def opus_packets(pcm: bytes, rate_hz: int) -> list[bytes]:
    """16-bit PCM as packets of 20 ms."""
    return OggReader().packets(ogg(pcm, rate_hz))


def _av() -> Any:
    return pytest.importorskip("av", reason="needs PyAV: pip install '.[media]'")


def container(kind: str, pcm: bytes, rate_hz: int, *, layout: str = "mono") -> bytes:
    """16-bit PCM in a container of a live stream, which does not say how long anything will be."""
    av = _av()
    file = io.BytesIO()
    options = {"live": "1", "cluster_time_limit": "500"} if kind == "webm" else {}
    file.seekable = lambda: False  # type: ignore[method-assign]
    with av.open(file, "w", kind, options=options) as muxer:
        stream = muxer.add_stream("libopus", rate=RATE_HZ, layout=layout)
        resampler = av.AudioResampler(stream.format, layout, RATE_HZ, 960)
        frame = av.AudioFrame.from_ndarray(np.frombuffer(pcm, "<i2")[None], "s16", "mono")
        frame.sample_rate = rate_hz
        for part in (*resampler.resample(frame), *resampler.resample(None), None):
            muxer.mux(stream.encode(part))
    return file.getvalue()


def packets(file: bytes) -> list[bytes]:
    """The packets that FFmpeg finds in a container."""
    with _av().open(io.BytesIO(file)) as demuxer:
        return [bytes(packet) for packet in demuxer.demux(audio=0) if packet.size]
