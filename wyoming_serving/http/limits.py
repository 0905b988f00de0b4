"""What clients of the HTTP server may hold."""

from dataclasses import dataclass
from typing import Self

from wyoming_serving.settings import Settings


@dataclass(frozen=True)
class HttpLimits:
    """Bounds on connections and on waits for clients."""

    connections: int
    """At one time; the next one is answered 503."""
    connections_per_address: int
    """At one time from one address, this machine's own not counted."""
    silent_seconds: float
    """Time to send a request, from the connection or the answer before, and time in which a client
    reads nothing of its answer; then the connection is closed."""
    ping_seconds: float
    """Silence of a WebSocket's client before it is pinged, and then before it counts as gone."""
    idle_seconds: float
    """How long a WebSocket may bring no message that it is the client's turn to send."""
    send_seconds: float
    """How long a WebSocket's client may take for one message."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Returns the limits that the settings ask for."""
        return cls(
            settings.http_connections,
            settings.http_connections_per_address,
            settings.http_silent_seconds,
            settings.http_ping_seconds,
            settings.idle_seconds,
            settings.send_seconds,
        )
