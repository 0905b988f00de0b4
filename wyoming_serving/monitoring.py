"""Health and metrics over HTTP, for people who watch many servers."""

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import AsyncIterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from wyoming_serving.scheduler import Scheduler

_LOGGER = logging.getLogger(__name__)


class Monitored(Protocol):
    """What `/health` asks of a service; it is read in other threads."""

    @property
    def state(self) -> str:
        """A word for where the service is in its life."""

    @property
    def ready(self) -> bool:
        """Whether a request would be answered now."""


class SchedulerCollector(Collector):
    """The counters of a service's schedulers, read at each request."""

    def __init__(self, *schedulers: Scheduler[Any, Any]) -> None:
        self._schedulers = schedulers

    def describe(self) -> list[Metric]:
        """Returns the metrics for their names, which a registry checks."""
        return list(self.collect())

    def collect(self) -> list[Metric]:
        """Returns every metric with its present values."""
        of = ["scheduler"]
        depth = GaugeMetricFamily("wyoming_scheduler_depth", "Jobs that wait", labels=of)
        jobs = CounterMetricFamily(
            "wyoming_scheduler_jobs", "Jobs by outcome", labels=[*of, "outcome"]
        )
        batches = CounterMetricFamily("wyoming_scheduler_batches", "Batches that ran", labels=of)
        wait = CounterMetricFamily(
            "wyoming_scheduler_wait_seconds", "Time that jobs waited", labels=of
        )
        run = CounterMetricFamily(
            "wyoming_scheduler_run_seconds", "Time that batches ran", labels=of
        )
        for scheduler in self._schedulers:
            stats, name = scheduler.stats, scheduler.name
            depth.add_metric([name], scheduler.depth)
            for outcome in ("finished", "failed", "cancelled", "refused"):
                jobs.add_metric([name, outcome], getattr(stats, outcome))
            batches.add_metric([name], stats.batches)
            wait.add_metric([name], stats.wait_seconds)
            run.add_metric([name], stats.run_seconds)
        return [depth, jobs, batches, wait, run]


@contextlib.asynccontextmanager
async def monitoring_server(
    listening: socket.socket, registry: CollectorRegistry, service: Monitored
) -> AsyncIterator[None]:
    """Answer `GET /metrics` and `GET /health` on a listening socket, in threads of its own."""
    server = _Server(listening, registry, service)
    thread = threading.Thread(target=server.serve_forever, name="monitoring", daemon=True)
    thread.start()
    try:
        yield
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()


class _Server(ThreadingHTTPServer):
    def __init__(
        self, listening: socket.socket, registry: CollectorRegistry, service: Monitored
    ) -> None:
        super().__init__(("", 0), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.registry = registry
        self.service = service


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10
    """Seconds that a client may be silent."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._answer(HTTPStatus.OK, generate_latest(self.server.registry), CONTENT_TYPE_LATEST)
        elif path == "/health":
            service = self.server.service
            status = HTTPStatus.OK if service.ready else HTTPStatus.SERVICE_UNAVAILABLE
            self._answer(status, f"{service.state}\n".encode())
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
