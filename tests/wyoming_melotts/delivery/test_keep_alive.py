"""A stream that pauses is filled with a little silence."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from wyoming_melotts.delivery.keep_alive import kept_alive

GAP_SECONDS = 0.02


async def test_silence_comes_while_nothing_else_does() -> None:
    more = asyncio.Event()

    async def slow() -> AsyncGenerator[bytes, None]:
        yield b"first"
        await more.wait()
        yield b"second"

    chunks = []
    async for chunk in kept_alive(slow(), GAP_SECONDS, 1_000):
        chunks.append(chunk)
        if len(chunks) == 3:
            more.set()
    assert chunks[0] == b"first" and chunks[-1] == b"second"
    assert set(chunks[1:-1]) == {bytes(200)}


async def test_a_failure_comes_through_and_an_early_end_closes_the_source() -> None:
    closed = []

    async def broken() -> AsyncGenerator[bytes, None]:
        try:
            yield b"first"
            raise ValueError("broken")
        finally:
            closed.append(True)

    with pytest.raises(ValueError, match="broken"):
        async for _ in kept_alive(broken(), GAP_SECONDS, 1_000):
            pass
    stream = kept_alive(broken(), GAP_SECONDS, 1_000)
    assert await anext(stream) == b"first"
    await stream.aclose()
    assert closed == [True, True]
