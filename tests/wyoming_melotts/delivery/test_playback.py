"""When a client runs out of audio."""

import asyncio

import pytest

from wyoming_melotts.delivery.playback import Playback
from wyoming_melotts.frontends.budget import UNLIMITED


async def test_audio_is_played_from_its_first_chunk_on() -> None:
    now = asyncio.get_running_loop().time()
    playback = Playback(1000, UNLIMITED)
    assert not playback.started
    assert playback.ends_at >= now
    playback.add(20_000)
    assert playback.started
    first_end = playback.ends_at
    assert first_end >= now + 10
    playback.add(2_000)
    assert playback.ends_at == pytest.approx(first_end + 1)


async def test_after_a_gap_audio_is_played_at_once() -> None:
    playback = Playback(1000, UNLIMITED)
    playback.add(2)
    ran_dry = playback.ends_at
    await asyncio.sleep(0.01)
    now = asyncio.get_running_loop().time()
    playback.add(2_000)
    assert now > ran_dry
    assert playback.ends_at >= now + 1
