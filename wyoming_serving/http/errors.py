"""Errors of the HTTP API, in the shape that OpenAI's API has, so that its clients understand them.

Format: https://platform.openai.com/docs/guides/error-codes and the `error` event of its Realtime
API.
"""

from aiohttp import web

from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.excerpts import shortened

_MAX_CHARACTERS = 500
"""Of a message, which may quote the client."""

_STATUS = {
    ErrorCode.INVALID_REQUEST: 400,
    ErrorCode.INVALID_EVENT: 400,
    ErrorCode.NOT_SUPPORTED: 400,
    ErrorCode.AUDIO_INVALID: 400,
    ErrorCode.UNSUPPORTED_ENCODING: 400,
    ErrorCode.UNSUPPORTED_LANGUAGE: 400,
    ErrorCode.UNKNOWN_VOICE: 400,
    ErrorCode.TOKEN_REFUSED: 401,
    ErrorCode.ORIGIN_REFUSED: 403,
    ErrorCode.ADDRESS_REFUSED: 403,
    ErrorCode.API_CLOSED: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.UNKNOWN_MODEL: 404,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.REQUEST_TIMEOUT: 408,
    ErrorCode.BODY_TOO_LARGE: 413,
    ErrorCode.TEXT_TOO_LONG: 413,
    ErrorCode.TOO_MANY_CONNECTIONS: 503,
    ErrorCode.MAX_SESSIONS_REACHED: 503,
    ErrorCode.QUEUE_FULL: 503,
    ErrorCode.NOT_READY: 503,
    ErrorCode.ENGINE_FAILED: 503,
}
"""The others are failures of the service: 500."""

_TYPES = {401: "authentication_error", 403: "permission_error"}

_TRY_AGAIN = 503
_RETRY_SECONDS = "1"

_OF_HTTP = {
    404: (ErrorCode.NOT_FOUND, "there is no such path"),
    405: (ErrorCode.METHOD_NOT_ALLOWED, "the path does not take this method"),
    413: (ErrorCode.BODY_TOO_LARGE, "the body is too long"),
}

_CLOSE_CODES = {400: 1008, 413: 1009, 500: 1011, 503: 1013}
"""RFC 6455 and the registry of close codes: a policy was violated, a message was too big, the
server failed, try again later."""


def status(code: ErrorCode) -> int:
    """Returns the HTTP status of an error."""
    return _STATUS.get(code, 500)


def close_code(code: ErrorCode) -> int:
    """Returns the code with which a WebSocket is closed after an error."""
    return _CLOSE_CODES.get(status(code), 1008)


def error_object(error: ServiceError) -> dict[str, str | None]:
    """Returns what stands under `error` in a body or a message."""
    number = status(error.code)
    kind = _TYPES.get(number, "invalid_request_error" if number < 500 else "server_error")
    message = shortened(error.text, _MAX_CHARACTERS)
    return {"message": message, "type": kind, "param": error.param, "code": error.code}


def error_response(error: ServiceError) -> web.Response:
    """Returns the answer to a request that failed before anything of its answer was sent."""
    number = status(error.code)
    headers = {"Retry-After": _RETRY_SECONDS} if number == _TRY_AGAIN else {}
    if number == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return web.json_response({"error": error_object(error)}, status=number, headers=headers)


def from_http(failure: web.HTTPException) -> ServiceError:
    """Returns what aiohttp raised as an error of ours."""
    code, text = _OF_HTTP.get(failure.status, (ErrorCode.INVALID_REQUEST, failure.reason))
    return ServiceError(code, text)


def internal_error() -> ServiceError:
    """Returns what a client is told of a defect."""
    return ServiceError(ErrorCode.INTERNAL_ERROR, "the service failed; see its log")
