"""Tells automations of each transcript that a client got."""

import asyncio
import json
from datetime import UTC, datetime
from importlib import import_module
from typing import Protocol

from prometheus_client import CollectorRegistry

from wyoming_funasr.automations.messages import Message, Topics, default_topic, discovery, event
from wyoming_funasr.requests.events import EventSink, Final, UtteranceEvent
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.discovery import default_name
from wyoming_serving.extras import needs_extra


class _Publisher(Protocol):
    def publish(self, message: Message) -> None:
        """Publish a message as soon as may be."""

    async def close(self) -> None:
        """Stop."""


class TranscriptTeller:
    """Stands beside the sinks of utterances: what a client is told last is published, too."""

    def __init__(self, settings: FunasrSettings, metrics: CollectorRegistry) -> None:
        self._settings = settings
        self._metrics = metrics
        self._instance = settings.zeroconf_name or default_name("funasr")
        self._topics = Topics(settings.mqtt_topic or default_topic(self._instance))
        self._publisher: _Publisher | None = None

    async def start(self) -> None:
        """Begin to publish, where the settings name a broker.

        Raises:
            ServiceError: `extra-missing`.
        """
        settings = self._settings
        if not settings.mqtt_host:
            return
        with needs_extra("mqtt", "mqtt_host"):  # in a thread: it would hold up the event loop
            await asyncio.to_thread(import_module, "wyoming_funasr.automations.publisher")
        from wyoming_funasr.automations.broker import Broker
        from wyoming_funasr.automations.publisher import Publisher

        password = settings.mqtt_password
        broker = Broker(
            settings.mqtt_host,
            settings.mqtt_port,
            settings.mqtt_username,
            password.get_secret_value() if password is not None else None,
            settings.mqtt_password_file,
            settings.mqtt_tls,
            settings.mqtt_wait_seconds,
        )
        announcement = discovery(self._topics, self._instance)
        publisher = Publisher(broker, self._topics.status, announcement, self._metrics)
        publisher.start()
        self._publisher = publisher

    async def close(self) -> None:
        """Stop publishing."""
        if self._publisher is not None:
            await self._publisher.close()

    def beside(self, sink: EventSink, client: str | None, request: str) -> EventSink:
        """Returns the sink, beside which automations are told.

        `client` is the address of the one who asked, with its port, which says nothing to an
        automation; `request` is what it asked for.
        """
        if not self._settings.mqtt_host:
            return sink
        host = client.rpartition(":")[0] or client if client is not None else None
        return _Beside(self, sink, host, request)

    def tell(self, final: Final, client: str | None, request: str) -> None:
        """Publish a transcript's context; it never waits and never fails."""
        if self._publisher is None:
            return
        told = event(final, datetime.now(UTC), client, request, texts=self._settings.mqtt_texts)
        payload = json.dumps(told, ensure_ascii=False)
        self._publisher.publish(Message(self._topics.transcript, payload))


class _Beside:
    """The sink of one utterance, and the automations behind it."""

    def __init__(
        self, teller: TranscriptTeller, sink: EventSink, client: str | None, request: str
    ) -> None:
        self._teller = teller
        self._sink = sink
        self._client = client
        self._request = request

    async def take(self, event: UtteranceEvent) -> None:
        """See `EventSink.take`."""
        await self._sink.take(event)
        if isinstance(event, Final):
            self._teller.tell(event, self._client, self._request)
