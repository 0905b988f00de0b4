"""The routes that every service has: its health for orchestrators, its status for people,
its metrics for Prometheus."""

from collections.abc import Sequence
from typing import Protocol

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from wyoming_serving.status import ServiceStatus


class MonitoredService(Protocol):
    """What the routes ask of a service."""

    @property
    def is_live(self) -> bool:
        """Whether the process may go on; False once it is about to end as its engine is lost."""

    @property
    def is_started(self) -> bool:
        """Whether the engine has been loaded."""

    @property
    def is_ready(self) -> bool:
        """Whether a request would be answered now."""

    def status(self) -> ServiceStatus:
        """Returns what is known of the service now."""

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Returns routes of the service's own."""


def monitoring_routes(service: MonitoredService, metrics: CollectorRegistry) -> list[web.RouteDef]:
    """Returns the routes; each answers GET and HEAD at once, and none takes a body."""

    def answer(is_well: bool) -> web.Response:
        return web.Response(text=f"{service.status().state}\n", status=200 if is_well else 503)

    async def live(_: web.Request) -> web.Response:
        return answer(service.is_live)

    async def ready(_: web.Request) -> web.Response:
        return answer(service.is_ready)

    async def startup(_: web.Request) -> web.Response:
        return answer(service.is_started)

    async def status(_: web.Request) -> web.Response:
        return web.json_response(text=service.status().as_json())

    async def scrape(_: web.Request) -> web.Response:
        body = generate_latest(metrics)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [
        web.get("/health", ready),
        web.get("/health/live", live),
        web.get("/health/ready", ready),
        web.get("/health/startup", startup),
        web.get("/status", status),
        web.get("/metrics", scrape),
    ]
