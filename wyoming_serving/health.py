"""Ask a running service whether a request would be answered: the check of containers and add-ons.

`python -m wyoming_serving.health tcp://127.0.0.1:10300` exits with status 0 if so, and with 1 and
one line of explanation if not. It asks by `health`, an event that only this project's services
know, so that it needs no port of its own. It imports little, as it may run every few seconds.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from wyoming.client import AsyncClient
from wyoming.event import Event, Eventable

TIMEOUT_SECONDS = 5.0
"""As long as Home Assistant waits."""

_TYPE = "health"


@dataclass
class Health(Eventable):
    """The answer of a service."""

    ready: bool
    """Whether a request would be answered now."""
    state: str
    problems: dict[str, str] = field(default_factory=dict)
    """Why it is degraded, by kind."""

    @staticmethod
    def is_type(event_type: str) -> bool:
        return event_type == _TYPE

    def event(self) -> Event:
        data = {"ready": self.ready, "state": self.state, "problems": self.problems}
        return Event(_TYPE, data)

    @staticmethod
    def from_event(event: Event) -> "Health":
        """Read the event that a service sent.

        Raises:
            ValueError: it lacks a field.
        """
        data = event.data
        try:
            return Health(bool(data["ready"]), str(data["state"]), dict(data["problems"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a health event: {error!r}") from None


async def ask(uri: str) -> Health:
    """Returns what the service at `uri` says of itself.

    Raises:
        OSError: nothing listens there.
        TimeoutError: no answer within `TIMEOUT_SECONDS`.
        ConnectionError: the connection ended without one.
        ValueError: the kind of `uri`, or of the answer, is not known.
    """
    async with asyncio.timeout(TIMEOUT_SECONDS):
        async with AsyncClient.from_uri(uri) as client:
            await client.write_event(Event(_TYPE))
            while event := await client.read_event():
                if Health.is_type(event.type):
                    return Health.from_event(event)
    raise ConnectionError("it hung up")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m wyoming_serving.health", description="Ask a service whether it is ready."
    )
    parser.add_argument("uri", help="tcp://HOST:PORT or unix://PATH")
    uri = parser.parse_args(arguments).uri
    try:
        health = asyncio.run(ask(uri))
    except (OSError, ValueError) as error:
        print(f"{uri}: {str(error) or 'no answer'}", file=sys.stderr)
        return 1
    text = "; ".join([health.state, *health.problems.values()])
    print(
        text if health.ready else f"{uri}: {text}", file=sys.stdout if health.ready else sys.stderr
    )
    return 0 if health.ready else 1


if __name__ == "__main__":
    sys.exit(main())
