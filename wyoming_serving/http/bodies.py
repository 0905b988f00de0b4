"""Reading the body of a request within bounds of size and time."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from wyoming_serving.client_json import parse_object
from wyoming_serving.errors import ErrorCode, InvalidRequest, ServiceError
from wyoming_serving.excerpts import excerpt
from wyoming_serving.http.api import API

PIECE_BYTES = 64 << 10
"""So much must come in `http_silent_seconds`, or the rest."""

MAX_JSON_BYTES = 64 << 10

_PLAIN = "identity"
"""The `Content-Encoding` of what is not compressed."""


async def read_pieces(request: web.Request, most_bytes: int) -> AsyncIterator[bytes]:
    """Yields the body as it arrives, in pieces of `PIECE_BYTES` and more.

    Raises:
        ServiceError: `body-too-large`, at once where its length is announced; `request-timeout`;
            `invalid-request`, it is compressed.
    """
    check_announced(request, most_bytes)
    seconds = request.app[API].limits.silent_seconds
    left = most_bytes
    while not request.content.at_eof():
        piece = bytearray()
        try:
            async with asyncio.timeout(seconds):
                while len(piece) < PIECE_BYTES and not request.content.at_eof():
                    piece += await request.content.readany()
        except TimeoutError:
            raise slow_body(seconds) from None
        left -= len(piece)
        if left < 0:
            raise too_large(most_bytes)
        yield bytes(piece)


async def read_json(request: web.Request, most_bytes: int = MAX_JSON_BYTES) -> dict[str, object]:
    """Returns the object that a body holds.

    Raises:
        ServiceError: `invalid-request`, it is no JSON object; and those of `read_pieces`.
    """
    body = b"".join([piece async for piece in read_pieces(request, most_bytes)])
    try:
        return parse_object(body)
    except ValueError as problem:
        raise InvalidRequest(f"the body {problem}") from None


def check_announced(request: web.Request, most_bytes: int) -> None:
    """Refuse a body that says itself that it is too long, or compressed: little of it could be
    gigabytes.

    Raises:
        ServiceError: `body-too-large` or `invalid-request`.
    """
    encoding = request.headers.get("Content-Encoding", _PLAIN)
    if encoding.lower() != _PLAIN:
        raise InvalidRequest(f"the body must not be compressed, got {excerpt(encoding)}")
    if request.content_length is not None and request.content_length > most_bytes:
        raise too_large(most_bytes)


def too_large(most_bytes: int) -> ServiceError:
    """Returns the error for a body longer than `most_bytes`."""
    return ServiceError(ErrorCode.BODY_TOO_LARGE, f"the body is longer than {most_bytes} bytes")


def slow_body(seconds: float) -> ServiceError:
    """Returns the error for a body of which too little came in `seconds`."""
    return ServiceError(ErrorCode.REQUEST_TIMEOUT, f"too little of the body came in {seconds:g} s")
