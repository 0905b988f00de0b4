"""One connection to an MQTT broker; the only module that knows the client library."""

import asyncio
import contextlib
import logging
import re
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiomqtt

from wyoming_funasr.automations.messages import Message

_LEAVE_SECONDS = 0.1
"""For the broker to take the end of a connection."""

_KEEPALIVE_SECONDS = 20
"""A broker of which nothing is heard for so long is asked whether it is there."""

_AT_LEAST_ONCE = 1

_LOGGER = logging.getLogger(f"{__name__}.library")
_LOGGER.setLevel(logging.CRITICAL)  # what it would log is raised as well, and told in one line

_IN_OTHER_WORDS = {
    "Operation timed out": "it does not answer",
    "timed out": "it does not answer",
    "Disconnected during message iteration": "the connection was lost",
}


class BrokerError(Exception):
    """Why the broker does not take messages, in a few words."""


@dataclass(frozen=True)
class Broker:
    """Where a broker is, and how to be let in."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    password_file: Path | None = None
    tls: bool = False
    wait_seconds: float = 10.0
    """Longest wait for one answer."""

    def read_password(self) -> str | None:
        """Read the password now: a file may hold another one than before.

        Raises:
            BrokerError: the file cannot be read.
        """
        if self.password_file is None:
            return self.password
        try:
            return self.password_file.expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise BrokerError(
                f"the password file {self.password_file} cannot be read: {reason}"
            ) from None


class Connection:
    """A connection that the broker has accepted."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client

    async def send(self, message: Message) -> None:
        """Send a message, and wait until the broker has it.

        Raises:
            BrokerError: it does not say so in time, or the connection is lost.
        """
        with _spoken_errors():
            await self._client.publish(
                message.topic, message.payload, _AT_LEAST_ONCE, message.retained
            )

    async def wait_until_lost(self) -> None:
        """Wait for the end of the connection.

        Raises:
            BrokerError: always.
        """
        with _spoken_errors():
            async for _ in self._client.messages:  # nothing was subscribed to
                pass


@contextlib.asynccontextmanager
async def connected(broker: Broker, will: Message) -> AsyncIterator[Connection]:
    """Connect; the broker publishes `will` when the connection breaks.

    Raises:
        BrokerError: the broker is not there, does not answer in time, or refuses.
    """
    password = await asyncio.to_thread(broker.read_password)
    # reading the authorities' certificates would hold up the event loop
    tls = await asyncio.to_thread(ssl.create_default_context) if broker.tls else None
    client = aiomqtt.Client(
        broker.host,
        broker.port,
        username=broker.username,
        password=password,
        will=aiomqtt.Will(will.topic, will.payload, _AT_LEAST_ONCE, will.retained),
        timeout=broker.wait_seconds,
        keepalive=_KEEPALIVE_SECONDS,
        tls_context=tls,
        logger=_LOGGER,
    )
    try:
        with _spoken_errors():
            await client.__aenter__()
        yield Connection(client)
    finally:
        # also after an attempt that failed, of which the library leaves the socket open
        client.timeout = _LEAVE_SECONDS
        with contextlib.suppress(aiomqtt.MqttError):
            await client.__aexit__(None, None, None)


@contextlib.contextmanager
def _spoken_errors() -> Iterator[None]:
    """Turn what the library raises into a few words."""
    try:
        yield
    except (aiomqtt.MqttError, OSError, ValueError) as error:
        reason = re.sub(r"^\[[^]]*\] ", "", " ".join(str(error).split()))
        raise BrokerError(_IN_OTHER_WORDS.get(reason, reason) or type(error).__name__) from None
