"""A service as the only work of a process."""

import asyncio
import logging
import os
import sys
import threading

from wyoming_serving.logs import library_output_logged
from wyoming_serving.memory import exempt_from_collection
from wyoming_serving.service import Service, serve

EXIT_SECONDS = 0.2
"""After the service has ended, for the interpreter to end."""


def run(service: Service) -> int:
    """Run a service as this process's only work; returns the exit status.

    A worker thread that still loads a model or computes cannot be stopped, and would keep a
    process alive that was told to end: then the process exits without it.
    """
    with library_output_logged():
        return asyncio.run(_run(service))


async def _run(service: Service) -> int:
    settling = asyncio.create_task(_settle(service), name="settle")
    status = await serve(service)
    settling.cancel()
    logging.shutdown()
    sys.stdout.flush()
    # ends what asyncio and the interpreter would wait for: threads that compute
    last = threading.Timer(EXIT_SECONDS, os._exit, [status])
    last.daemon = True
    last.start()
    return status


async def _settle(service: Service) -> None:
    await service.wait_until_answering()
    exempt_from_collection()
