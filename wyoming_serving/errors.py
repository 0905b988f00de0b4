"""Errors that a user or a client is meant to read."""


class ServiceError(Exception):
    """A failure with a code for programs and one sentence for people.

    A session sends it to its client as an `error` event; a command line prints it and ends.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class InvalidEvent(ServiceError):
    """A client sent something that is not Wyoming, or an event with wrong fields."""

    def __init__(self, text: str) -> None:
        super().__init__("invalid-event", text)


class QueueFull(ServiceError):
    """The device has more work than it may keep waiting."""

    def __init__(self, text: str) -> None:
        super().__init__("queue-full", text)


class ModelMissing(ServiceError):
    """A model is not on disk and may not, or could not, be downloaded."""

    def __init__(self, text: str) -> None:
        super().__init__("model-missing", text)
