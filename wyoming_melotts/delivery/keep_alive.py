"""Silence for a stream of audio that pauses, so that its listener does not give up on it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

_SILENCE_SECONDS = 0.1
"""Little, since speech that comes meanwhile is heard after it."""


async def kept_alive(
    audio: AsyncGenerator[bytes, None], gap_seconds: float, sample_rate_hz: int
) -> AsyncGenerator[bytes, None]:
    """Yield 16-bit mono audio, and a short silence whenever nothing has come for `gap_seconds`.

    The silences last for a fraction of the time that they fill, so no listener falls behind.
    """
    silence = bytes(2 * int(_SILENCE_SECONDS * sample_rate_hz))
    async with aclosing(audio):
        coming = asyncio.ensure_future(anext(audio, None))
        try:
            while True:
                arrived, _ = await asyncio.wait({coming}, timeout=gap_seconds)
                if not arrived:
                    yield silence
                    continue
                chunk = coming.result()
                if chunk is None:
                    return
                coming = asyncio.ensure_future(anext(audio, None))
                yield chunk
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
