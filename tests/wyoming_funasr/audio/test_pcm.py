"""Audio that waits, and is decoded, in blocks."""

import tracemalloc

import numpy as np
import pytest

from tests.support.speech import SPEECH, speech_samples
from wyoming_funasr.audio.pcm import PcmInbox, PcmStream
from wyoming_serving.audio import PcmFormat

PCM = PcmFormat(16_000, 2, 1)
OTHER = PcmFormat(8_000, 1, 2)


@pytest.mark.parametrize("size", [1, 333, 4096, len(SPEECH)])
def test_blocks_hold_a_second_however_the_audio_came(size: int) -> None:
    inbox = PcmInbox(max_seconds=60)
    for at in range(0, len(SPEECH), size):
        assert inbox.put(PCM, SPEECH[at : at + size])
    blocks = []
    while block := inbox.take():
        blocks.append(block.data)
    assert not inbox
    assert b"".join(blocks) == SPEECH
    assert {len(data) for data in blocks[:-1]} == {32_000}


def test_a_block_has_one_format() -> None:
    inbox = PcmInbox(max_seconds=60)
    for pcm, data in ((PCM, b"aa"), (PCM, b"bb"), (OTHER, b"cc"), (PCM, b"dd")):
        inbox.put(pcm, data)
    blocks = [inbox.take(), inbox.take(), inbox.take()]
    assert [(block.format, block.data) for block in blocks if block] == [
        (PCM, b"aabb"), (PcmFormat(8_000, 1, 1), b"c"), (PCM, b"dd"),
    ]  # fmt: skip
    assert inbox.take() is None


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 8])
def test_no_format_takes_more_memory_than_16_bit_mono(width: int, channels: int) -> None:
    pcm = PcmFormat(48_000, width, channels)
    second = bytes(48_000 * pcm.frame_bytes)
    tracemalloc.start()
    try:
        inbox = PcmInbox(max_seconds=4)
        for _ in range(8):
            inbox.put(pcm, second)
        waiting, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert inbox.seconds == 4
    assert waiting < 1.2 * 4 * 2 * 48_000


def test_what_is_kept_of_a_huge_chunk_does_not_keep_the_rest_in_memory() -> None:
    inbox = PcmInbox(max_seconds=0.5)
    tracemalloc.start()
    try:
        for _ in range(4):
            inbox.put(PCM, bytes(8 << 20))
            inbox.take(0.1)
        waiting, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert waiting < 1 << 20


def test_audio_in_single_samples_takes_no_more_memory() -> None:
    inbox = PcmInbox(max_seconds=10)
    tracemalloc.start()
    try:
        for _ in range(50_000):
            inbox.put(PCM, b"\0\0")
        for at in range(50_000):
            inbox.put(PcmFormat(8_000 + at % 2, 2, 1), b"\0\0")
        waiting, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert waiting < 4 << 20


def test_the_limit_is_in_seconds_whatever_the_format() -> None:
    inbox = PcmInbox(max_seconds=1.5)
    assert inbox.put(PCM, bytes(32_000))
    assert inbox.put(OTHER, bytes(8_000))
    assert not inbox.put(OTHER, bytes(2))
    assert not inbox.put(PCM, bytes(2))
    taken = 0
    while block := inbox.take():
        taken += len(block.data)
    assert taken == 32_000 + 8_000 // 2


def test_a_huge_chunk_is_cut_before_anything_else_is_done_with_it() -> None:
    inbox = PcmInbox(max_seconds=0.5)
    assert not inbox.put(PCM, bytes(8 << 20))
    block = inbox.take()
    assert block is not None and len(block.data) == 16_000


def test_formats_follow_each_other_in_one_stream() -> None:
    stream, inbox = PcmStream(), PcmInbox(max_seconds=60)
    inbox.put(PCM, SPEECH)
    inbox.put(PcmFormat(16_000, 4, 1), (speech_samples() * 2**31).astype("<i4").tobytes())
    decoded = []
    while block := inbox.take():
        decoded.append(stream.decode(block, last=not inbox))
    assert np.allclose(np.concatenate(decoded), np.tile(speech_samples(), 2), atol=1e-4)
    assert len(PcmStream().decode(None, last=True)) == 0
