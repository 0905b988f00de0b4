"""How a server is asked."""

import os
from typing import Any

from pipecat.transcriptions.language import Language

REFUSED = frozenset(
    {
        "invalid-request",
        "not-supported",
        "text-too-long",
        "unknown-voice",
        "unsupported-encoding",
        "unsupported-language",
    }
)
"""Codes of errors that every other try would meet again."""


def websocket_url(url: str, path: str) -> str:
    """Returns the address of a route's WebSocket on a server, as http://127.0.0.1:8080."""
    return url.rstrip("/").replace("http", "ws", 1) + path


def headers(token: str | None) -> dict[str, str]:
    """Returns the headers with a bearer token; without one that of `WYOMING_TOKEN` counts."""
    token = token or os.environ.get("WYOMING_TOKEN")
    return {"Authorization": f"Bearer {token}"} if token else {}


def described(error: dict[str, Any]) -> str:
    """Returns an error of a server in words."""
    return f"{error['message']} ({error['code']})"


def known_language(tag: str | None) -> Language | None:
    """Returns a language as Pipecat has it."""
    try:
        return Language(tag) if tag else None
    except ValueError:
        return None
