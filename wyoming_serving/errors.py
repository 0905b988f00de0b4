"""Errors that a user or a client is meant to read."""

from enum import StrEnum


class ErrorCode(StrEnum):
    """What went wrong, for programs; `docs/protocol.md` has a line on each."""

    INVALID_EVENT = "invalid-event"
    REQUEST_TIMEOUT = "request-timeout"
    TEXT_TOO_LONG = "text-too-long"
    UNKNOWN_PROGRAM = "unknown-program"
    UNKNOWN_MODEL = "unknown-model"
    UNKNOWN_VOICE = "unknown-voice"
    UNSUPPORTED_LANGUAGE = "unsupported-language"
    QUEUE_FULL = "queue-full"
    NOT_READY = "not-ready"
    INTERNAL_ERROR = "internal-error"
    ENGINE_FAILED = "engine-failed"
    CLUSTER_UNREACHABLE = "cluster-unreachable"
    MODEL_MISSING = "model-missing"
    MODEL_INVALID = "model-invalid"
    VOICES_MISSING = "voices-missing"
    VOICE_FILE_INVALID = "voice-file-invalid"
    TOKENIZER_MISSING = "tokenizer-missing"
    HOTWORD_FILE_INVALID = "hotword-file-invalid"
    HOME_INVALID = "home-invalid"
    HOME_UNREACHABLE = "home-unreachable"
    AUDIO_INVALID = "audio-invalid"
    OUTPUT_FAILED = "output-failed"
    EXTRA_MISSING = "extra-missing"
    DEVICE_UNAVAILABLE = "device-unavailable"
    PRECISION_UNAVAILABLE = "precision-unavailable"
    MEMORY_TOO_SMALL = "memory-too-small"
    TOO_MANY_CONNECTIONS = "too-many-connections"
    MAX_SESSIONS_REACHED = "max-sessions-reached"
    ADDRESS_REFUSED = "address-refused"
    PORT_TAKEN = "port-taken"
    INVALID_REQUEST = "invalid-request"
    BODY_TOO_LARGE = "body-too-large"
    NOT_SUPPORTED = "not-supported"
    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    TOKEN_REFUSED = "token-refused"
    ORIGIN_REFUSED = "origin-refused"
    API_CLOSED = "api-closed"
    TOKEN_FILE_INVALID = "token-file-invalid"
    UNSUPPORTED_ENCODING = "unsupported-encoding"


class ServiceError(Exception):
    """A failure with a code for programs and one sentence for people.

    A session sends it to its client as an `error` event; a command line prints it and exits.
    """

    def __init__(self, code: ErrorCode, text: str, *, param: str | None = None) -> None:
        """`param`: the field of the request that was wrong, where one is to blame."""
        super().__init__(text)
        self.code = code
        self.text = text
        self.param = param


class InvalidEvent(ServiceError):
    """A client sent something that is not Wyoming, or an event with wrong fields."""

    def __init__(self, text: str) -> None:
        super().__init__(ErrorCode.INVALID_EVENT, text)


class InvalidRequest(ServiceError):
    """A client of the HTTP API sent a body, a field or a message that it does not take."""

    def __init__(self, text: str, *, param: str | None = None) -> None:
        super().__init__(ErrorCode.INVALID_REQUEST, text, param=param)


class QueueFull(ServiceError):
    """The device has more work than it may keep waiting."""

    def __init__(self, text: str) -> None:
        super().__init__(ErrorCode.QUEUE_FULL, text)


class ModelMissing(ServiceError):
    """A model is not on disk and may not, or could not, be downloaded."""

    def __init__(self, text: str) -> None:
        super().__init__(ErrorCode.MODEL_MISSING, text)
