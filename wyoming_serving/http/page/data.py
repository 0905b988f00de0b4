"""What the page asks for: recent requests, and the settings in force; as JSON, for other programs
as well."""

from aiohttp import web

from wyoming_serving.recent import RecentRequests
from wyoming_serving.settings import Settings
from wyoming_serving.shown_settings import settings_in_force


def data_routes(recent: RecentRequests, settings: Settings) -> list[web.RouteDef]:
    """Returns the routes that every service has for its page."""
    in_force = settings_in_force(settings)

    async def requests(_: web.Request) -> web.Response:
        shown = [request.shown(texts=recent.shows_texts) for request in recent.newest_first()]
        return _fresh({"requests": shown, "shows_texts": recent.shows_texts})

    async def settings_now(_: web.Request) -> web.Response:
        return _fresh({"settings": in_force})

    return [web.get("/v1/requests", requests), web.get("/v1/settings", settings_now)]


def _fresh(content: object) -> web.Response:
    return web.json_response(content, headers={"Cache-Control": "no-store"})
