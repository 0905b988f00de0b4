"""How a text would be read, while somebody writes it: `/v1/reading`."""

from dataclasses import asdict
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from wyoming_melotts.reading import TextReading
from wyoming_melotts.requests.speaking import Voices
from wyoming_melotts.voices.selection import VoiceRequest
from wyoming_serving.http.bodies import read_json
from wyoming_serving.http.validation import checked

MOST_CHARACTERS = 1_000
"""What somebody looks at; a longer text is shown as it is spoken."""


class ReadingRequest(BaseModel):
    """A text, and who would speak it; without a voice the text decides."""

    model_config = ConfigDict(strict=True, extra="forbid")

    text: Annotated[str, Field(max_length=MOST_CHARACTERS)]
    voice: str | None = None


_REQUEST = TypeAdapter(ReadingRequest)


class ReadingRoutes:
    """Shows what is made of a text."""

    def __init__(self, voices: Voices, reading: TextReading) -> None:
        self._voices = voices
        self._reading = reading

    def routes(self) -> list[web.RouteDef]:
        """Returns the routes."""
        return [web.post("/v1/reading", self._read)]

    async def _read(self, request: web.Request) -> web.Response:
        wanted = checked(_REQUEST, await read_json(request))
        voice = self._voices.choose_voice(VoiceRequest(wanted.voice)) if wanted.voice else None
        sentences = await self._reading.read(wanted.text, voice)
        shown = {"sentences": [asdict(sentence) for sentence in sentences]}
        return web.json_response(shown, headers={"Cache-Control": "no-store"})
