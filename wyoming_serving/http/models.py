"""The list of models in OpenAI's shape, which its clients ask for before anything else.

Format: https://platform.openai.com/docs/api-reference/models
"""

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.excerpts import excerpt


def model_routes(names: Callable[[], Awaitable[Sequence[str]]], owner: str) -> list[web.RouteDef]:
    """Returns `/v1/models` and a route for each model in it; `names` returns all that there are."""

    async def listed(_: web.Request) -> web.Response:
        data = [_described(name, owner) for name in await names()]
        return web.json_response({"object": "list", "data": data})

    async def one(request: web.Request) -> web.Response:
        wanted, allowed = request.match_info["name"], await names()
        if wanted in allowed:
            return web.json_response(_described(wanted, owner))
        raise ServiceError(
            ErrorCode.UNKNOWN_MODEL,
            f"there is no model {excerpt(wanted)}; allowed: {', '.join(allowed)}",
            param="model",
        )

    return [web.get("/v1/models", listed), web.get("/v1/models/{name:.+}", one)]


def _described(name: str, owner: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": owner}
