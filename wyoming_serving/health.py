"""Ask a running service to describe itself: the health check of the containers.

`python -m wyoming_serving.health tcp://127.0.0.1:10300` exits with status 0 if the answer names a
program, and with 1 and one line of explanation if it does not.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from wyoming.client import AsyncClient
from wyoming.info import Describe, Info

TIMEOUT_SECONDS = 5.0
"""As long as Home Assistant waits."""


async def programs(uri: str) -> list[str]:
    """Returns the names of the programs that the service at `uri` offers.

    Raises:
        OSError: nothing listens there.
        TimeoutError: no answer within `TIMEOUT_SECONDS`.
        ConnectionError: the connection ended without one.
        ValueError: the kind of `uri` is not known.
    """
    async with asyncio.timeout(TIMEOUT_SECONDS):
        async with AsyncClient.from_uri(uri) as client:
            await client.write_event(Describe().event())
            while event := await client.read_event():
                if Info.is_type(event.type):
                    info = Info.from_event(event)
                    return [program.name for program in (*info.asr, *info.tts)]
    raise ConnectionError("it hung up")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m wyoming_serving.health", description="Ask a service to describe itself."
    )
    parser.add_argument("uri", help="tcp://HOST:PORT or unix://PATH")
    uri = parser.parse_args(arguments).uri
    try:
        names = asyncio.run(programs(uri))
    except (OSError, ValueError) as error:
        print(f"{uri}: {str(error) or 'no answer'}", file=sys.stderr)
        return 1
    print(", ".join(names))
    return 0 if names else 1


if __name__ == "__main__":
    sys.exit(main())
