"""One path for a WebSocket and for something else: a client's request tells which it wants."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.web_urldispatcher import AbstractRoute, PlainResource, UrlDispatcher

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_upgrade(request: web.BaseRequest) -> bool:
    """Whether a request asks for a WebSocket (RFC 6455, section 4.1)."""
    return request.method == "GET" and request.headers.get("Upgrade", "").lower() == "websocket"


class UpgradeRoute(web.AbstractRouteDef):
    """A route for the WebSockets at a path; others at the same path get the other requests.

    It must be added before them, as aiohttp asks the routes in their order.
    """

    def __init__(self, path: str, handler: Handler) -> None:
        self._path = path
        self._handler = handler

    def register(self, router: UrlDispatcher) -> list[AbstractRoute]:
        """Add the route to an application."""
        resource = _UpgradeResource(self._path)
        router.register_resource(resource)
        return [resource.add_route("GET", self._handler)]


class _UpgradeResource(PlainResource):
    """A path where there are only WebSockets."""

    async def resolve(
        self, request: web.Request
    ) -> tuple[web.UrlMappingMatchInfo | None, set[str]]:
        return await super().resolve(request) if is_upgrade(request) else (None, set())

    def raw_match(self, path: str) -> bool:
        """No: routes that are added at the same path are not WebSockets."""
        return False
