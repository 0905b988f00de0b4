"""The list of models in OpenAI's shape, which its clients ask for before anything else.

Format: https://platform.openai.com/docs/api-reference/models
"""

from collections.abc import Sequence

from aiohttp import web

from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.excerpts import excerpt


def model_routes(names: Sequence[str], owner: str) -> list[web.RouteDef]:
    """Returns `/v1/models` and a route for each model in it."""
    models = [{"id": n, "object": "model", "created": 0, "owned_by": owner} for n in names]

    async def listed(_: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": models})

    async def one(request: web.Request) -> web.Response:
        wanted = request.match_info["name"]
        for model in models:
            if model["id"] == wanted:
                return web.json_response(model)
        raise ServiceError(
            ErrorCode.UNKNOWN_MODEL,
            f"there is no model {excerpt(wanted)}; allowed: {', '.join(names)}",
            param="model",
        )

    return [web.get("/v1/models", listed), web.get("/v1/models/{name:.+}", one)]
