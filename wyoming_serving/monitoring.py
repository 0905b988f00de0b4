"""Health and metrics over HTTP, for people who watch many servers."""

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from wyoming_serving.scheduler import Scheduler

_LOGGER = logging.getLogger(__name__)

READY = "ready"

Health = Callable[[], str]
"""Says `ready`, or in a word why not."""


class SchedulerCollector(Collector):
    """The counters of a scheduler, read when they are asked for."""

    def __init__(self, scheduler: Scheduler[Any, Any]) -> None:
        self._scheduler = scheduler

    def describe(self) -> list[Metric]:
        """The names, which a registry checks."""
        return list(self.collect())

    def collect(self) -> Iterator[Metric]:
        stats = self._scheduler.stats
        yield GaugeMetricFamily(
            "wyoming_scheduler_depth", "Jobs that wait for the device", self._scheduler.depth
        )
        jobs = CounterMetricFamily("wyoming_scheduler_jobs", "Jobs by outcome", labels=["outcome"])
        for outcome in ("finished", "failed", "cancelled", "refused"):
            jobs.add_metric([outcome], getattr(stats, outcome))
        yield jobs
        for name, meaning in (
            ("batches", "Batches that the device ran"),
            ("wait_seconds", "Time that jobs waited, in total"),
            ("run_seconds", "Time that the device was busy"),
        ):
            yield CounterMetricFamily(f"wyoming_scheduler_{name}", meaning, getattr(stats, name))


@contextlib.asynccontextmanager
async def monitoring_server(
    listening: socket.socket, registry: CollectorRegistry, health: Health
) -> AsyncIterator[None]:
    """Answer `GET /metrics` and `GET /health` on a listening socket, in threads of its own."""
    server = _Server(listening, registry, health)
    thread = threading.Thread(target=server.serve_forever, name="monitoring", daemon=True)
    thread.start()
    try:
        yield
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()


class _Server(ThreadingHTTPServer):
    def __init__(
        self, listening: socket.socket, registry: CollectorRegistry, health: Health
    ) -> None:
        super().__init__(("", 0), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.registry = registry
        self.health = health


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10
    """Seconds that a client may be silent."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._answer(HTTPStatus.OK, generate_latest(self.server.registry), CONTENT_TYPE_LATEST)
        elif path == "/health":
            word = self.server.health()
            ready = word == READY
            status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
            self._answer(status, f"{word}\n".encode())
        else:
            self._answer(HTTPStatus.NOT_FOUND, b"there are /metrics and /health\n")

    def _answer(self, status: HTTPStatus, body: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        _LOGGER.debug("monitoring: " + format, *args)
