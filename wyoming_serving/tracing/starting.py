"""Recording spans where the settings ask for it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial
from typing import Protocol

from wyoming_serving.scheduler import call_in_thread
from wyoming_serving.settings import Settings
from wyoming_serving.tracing import spans

_CLOSE_SECONDS = 0.5


class TracedService(Protocol):
    """A service whose requests may be recorded."""

    name: str
    settings: Settings


def start_tracing(endpoint: str | None, name: str) -> None:
    """Send the spans of this process to a collector, if there is one.

    Args:
        endpoint: As `http://collector:4318`.
        name: What the process's spans are listed by.

    Raises:
        ServiceError: `extra-missing`.
    """
    if endpoint is not None:
        from wyoming_serving.tracing.otlp import OtlpRecorder  # takes a while

        spans.start(OtlpRecorder(endpoint, name))


@contextlib.asynccontextmanager
async def traced(service: TracedService) -> AsyncIterator[None]:
    """Record the requests of a service while the block runs, if its settings ask for that.

    Raises:
        ServiceError: `extra-missing`.
    """
    endpoint = service.settings.otlp_endpoint
    if endpoint is None:
        yield
        return
    start = partial(start_tracing, endpoint, f"wyoming-{service.name}")
    await call_in_thread(start, "tracing")
    try:
        yield
    finally:
        recorder = spans.stop()
        if recorder is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await call_in_thread(recorder.close, "tracing")
