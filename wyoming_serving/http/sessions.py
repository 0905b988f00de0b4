"""How many conversations over WebSockets there may be at one time."""

import contextlib
from collections.abc import Iterator

from wyoming_serving.errors import ErrorCode, ServiceError


class SessionLimit:
    """Counts the sessions of a route."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open = 0

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        """Hold a place while the block runs.

        Raises:
            ServiceError: `max-sessions-reached`.
        """
        if self._open >= self._most:
            raise ServiceError(
                ErrorCode.MAX_SESSIONS_REACHED,
                f"{self._most} sessions are open; try again later",
            )
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1
