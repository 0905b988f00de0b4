"""Publishes messages for as long as the service runs, whatever becomes of the broker."""

import asyncio
import logging
from collections import deque
from enum import Enum, StrEnum, auto

from prometheus_client import CollectorRegistry, Counter

from wyoming_funasr.automations.broker import Broker, BrokerError, Connection, connected
from wyoming_funasr.automations.messages import OFFLINE, ONLINE, Message
from wyoming_serving.backoff import pause_seconds

_LOGGER = logging.getLogger(__name__)

MOST_WAITING = 100
"""Messages that wait for the broker; the oldest make room."""

FRESH_SECONDS = 60.0
"""For which a message may wait: what acts on an old sound would surprise people."""

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 300.0
_CLOSE_SECONDS = 0.2
"""For what still waits when the service ends, and for a word of farewell."""


class Outcome(StrEnum):
    """What became of a message."""

    PUBLISHED = "published"
    DROPPED = "dropped"
    """The broker was not there for too long, or took messages too slowly."""


class _State(Enum):
    AWAY = auto()
    """There is no broker, as far as is known."""
    CONNECTED = auto()
    CLOSING = auto()
    """What waits is published if that can be at once; nothing is tried again."""


class Publisher:
    """A queue and the one task that empties it into the broker.

    `publish` never waits and never fails; what goes wrong is one line in the log.
    """

    def __init__(
        self,
        broker: Broker,
        status_topic: str,
        announcement: Message,
        metrics: CollectorRegistry,
    ) -> None:
        """`announcement` is sent on each connection, and `online` to the status topic behind it."""
        self._broker = broker
        self._status_topic = status_topic
        self._announcement = announcement
        self._waiting: deque[tuple[float, Message]] = deque()
        self._changed = asyncio.Event()
        self._state = _State.AWAY
        self._failures = 0
        self._logged = ""
        self._task: asyncio.Task[None] | None = None
        self._messages = Counter(
            "funasr_mqtt_messages",
            "Messages to automations: those that the broker has, and those that it never took",
            ["outcome"],
            registry=metrics,
        )
        for outcome in Outcome:
            self._messages.labels(outcome)

    def start(self) -> None:
        """Begin to publish."""
        self._task = asyncio.create_task(self._run(), name="mqtt")

    def publish(self, message: Message) -> None:
        """Publish a message as soon as may be."""
        if len(self._waiting) == MOST_WAITING:
            self._drop_oldest()
        self._waiting.append((asyncio.get_running_loop().time(), message))
        self._changed.set()

    async def close(self) -> None:
        """Publish what waits, if a broker is there that takes it at once, and stop."""
        if self._task is None:
            return
        was_connected = self._state is _State.CONNECTED
        self._state = _State.CLOSING
        self._changed.set()
        if was_connected:
            await asyncio.wait({self._task}, timeout=_CLOSE_SECONDS)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._messages.labels(Outcome.DROPPED).inc(len(self._waiting))

    async def _run(self) -> None:
        while not self._is_closing():
            try:
                await self._publish_while_connected()
            except BrokerError as error:
                self._log_failure(str(error))
            except Exception:  # of ours: transcripts go on without automations
                _LOGGER.exception("publishing to MQTT failed")
            self._failures += 1
            if not self._is_closing():
                await asyncio.sleep(pause_seconds(self._failures, _FIRST_PAUSE, _LONGEST_PAUSE))

    async def _publish_while_connected(self) -> None:
        """Connect, and publish until the service ends.

        Raises:
            BrokerError: the broker cannot be reached any more.
        """
        broker, farewell = self._broker, self._status(OFFLINE)
        async with connected(broker, farewell) as connection:
            await connection.send(self._announcement)
            await connection.send(self._status(ONLINE))
            self._state, self._failures, self._logged = _State.CONNECTED, 0, ""
            _LOGGER.info("transcripts are told to MQTT at %s:%d", broker.host, broker.port)
            work = asyncio.create_task(self._publish_waiting(connection), name="mqtt publishing")
            loss = asyncio.create_task(connection.wait_until_lost(), name="mqtt connection")
            try:
                await asyncio.wait({work, loss}, return_when=asyncio.FIRST_COMPLETED)
                await (work if work.done() else loss)
                await connection.send(farewell)
            finally:
                if self._state is _State.CONNECTED:
                    self._state = _State.AWAY
                work.cancel()
                loss.cancel()
                await asyncio.gather(work, loss, return_exceptions=True)

    async def _publish_waiting(self, connection: Connection) -> None:
        """Publish each message when it comes, the last of them when the service ends."""
        while True:
            self._drop_stale()
            if self._waiting:
                await self._publish_oldest(connection)
            elif self._is_closing():
                return
            else:
                self._changed.clear()
                await self._changed.wait()

    async def _publish_oldest(self, connection: Connection) -> None:
        oldest = self._waiting[0]
        await connection.send(oldest[1])
        self._messages.labels(Outcome.PUBLISHED).inc()
        if self._waiting and self._waiting[0] is oldest:  # else it had to make room meanwhile
            self._waiting.popleft()

    def _drop_stale(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._waiting and now - self._waiting[0][0] > FRESH_SECONDS:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        self._waiting.popleft()
        self._messages.labels(Outcome.DROPPED).inc()

    def _is_closing(self) -> bool:
        return self._state is _State.CLOSING

    def _status(self, status: str) -> Message:
        return Message(self._status_topic, status, retained=True)

    def _log_failure(self, problem: str) -> None:
        if problem == self._logged:
            return
        self._logged = problem
        _LOGGER.warning(
            "MQTT at %s:%d: %s; transcripts are answered all the same, and it is tried again",
            self._broker.host, self._broker.port, problem,
        )  # fmt: skip
