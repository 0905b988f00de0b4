"""Opus in containers, written by FFmpeg; needs PyAV."""

import io
from typing import Any

import numpy as np
import pytest

av: Any = pytest.importorskip("av", reason="needs PyAV: pip install '.[media]'")

RATE_HZ = 48_000


def container(kind: str, pcm: bytes, rate_hz: int, *, layout: str = "mono") -> bytes:
    """16-bit PCM in a container of a live stream, which does not say how long anything will be."""
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
    with av.open(io.BytesIO(file)) as demuxer:
        return [bytes(packet) for packet in demuxer.demux(audio=0) if packet.size]
