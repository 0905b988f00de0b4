"""An asynchronous context in a thread of its own, beside a test that blocks."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar

Value = TypeVar("Value")

_END_SECONDS = 30.0


@contextmanager
def in_thread(context: AbstractAsyncContextManager[Value]) -> Iterator[Value]:
    """Enter a context in an event loop of another thread, and leave it there in the end."""
    entered: Future[tuple[Value, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def hold() -> None:
        left = asyncio.Event()
        try:
            async with context as value:
                entered.set_result((value, asyncio.get_running_loop(), left))
                await left.wait()
        except BaseException as error:
            if entered.done():
                raise
            entered.set_exception(error)

    thread = threading.Thread(target=lambda: asyncio.run(hold()), name="in_thread", daemon=True)
    thread.start()
    value, loop, left = entered.result()
    try:
        yield value
    finally:
        loop.call_soon_threadsafe(left.set)
        thread.join(_END_SECONDS)
        assert not thread.is_alive(), "the context was not left"
