"""Looking after the voices on disk: `/v1/voices`."""

from aiohttp import web

from wyoming_melotts.voices.care import VoiceCare, VoiceModelState


class VoiceRoutes:
    """Lists the models of voices, downloads and deletes them."""

    def __init__(self, care: VoiceCare) -> None:
        self._care = care

    def routes(self) -> list[web.RouteDef]:
        """Returns the routes."""
        return [
            web.get("/v1/voices", self._list),
            web.post("/v1/voices/{key}/download", self._download),
            web.delete("/v1/voices/{key}", self._remove),
        ]

    async def _list(self, _: web.Request) -> web.Response:
        voices = [_shown(state) for state in await self._care.states()]
        return web.json_response({"voices": voices}, headers={"Cache-Control": "no-store"})

    async def _download(self, request: web.Request) -> web.Response:
        self._care.download(request.match_info["key"])
        return web.json_response({}, status=202)

    async def _remove(self, request: web.Request) -> web.Response:
        await self._care.remove(request.match_info["key"])
        return web.Response(status=204)


def _shown(state: VoiceModelState) -> dict[str, object]:
    return {
        "key": state.model.key,
        "voices": state.voices,
        "languages": state.model.tags,
        "origin": state.model.origin,
        "is_on_disk": state.is_on_disk,
        "is_downloading": state.is_downloading,
        "bytes": state.bytes_on_disk,
        "is_removable": state.is_removable,
        "failure": state.failure,
    }
