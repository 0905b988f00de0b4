"""All routes of the text-to-speech service."""

from aiohttp import web

from wyoming_melotts.api.host import SpeechHost
from wyoming_melotts.api.openai import OpenAiRoutes
from wyoming_melotts.api.speak import SpeakRoutes
from wyoming_melotts.settings import MelottsSettings


def api_routes(host: SpeechHost, settings: MelottsSettings) -> list[web.RouteDef]:
    """Returns the routes that the service mounts."""
    return [*OpenAiRoutes(host, settings).routes(), *SpeakRoutes(host, settings).routes()]
