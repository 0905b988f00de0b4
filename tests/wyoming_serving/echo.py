"""A small service that answers `echo` after it was told to."""

import asyncio
import socket
from argparse import ArgumentParser

from wyoming.event import Event
from wyoming.info import Info
from wyoming.ping import Ping

from tests.support.wire import connect
from wyoming_serving.errors import ErrorCode, InvalidEvent, ServiceError
from wyoming_serving.service import Service
from wyoming_serving.session import Client, RequestOutcome
from wyoming_serving.settings import Settings

DESCRIBE = b'{"type": "describe"}\n'


class EchoHandler:
    def __init__(self, service: "EchoService", client: Client) -> None:
        self.service = service
        self.client = client
        self.in_request = False

    async def handle(self, event: Event) -> None:
        if event.type == "echo-start":
            self.in_request = True
        elif event.type == "echo":
            self.in_request = False
            await self.client.answer(self._echo(event))
        elif event.type == "bad":
            raise InvalidEvent("bad is not allowed")
        elif event.type == "bug":
            raise KeyError("a programming mistake")

    async def _echo(self, event: Event) -> RequestOutcome | None:
        self.service.started += 1
        self.service.running += 1
        try:
            await self.service.wait_ready()
            await self.service.gate.wait()
            if event.data.get("fail"):
                raise ServiceError(ErrorCode.MODEL_MISSING, "no echo today")
        except asyncio.CancelledError:
            self.service.cancelled += 1
            raise
        finally:
            self.service.running -= 1
        if event.data.get("unwanted"):
            return RequestOutcome.ABANDONED
        await self.client.send(Ping(text=event.data["text"]))
        return None


class EchoService(Service):
    name = "echo"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.gate = asyncio.Event()
        self.gate.set()
        self.loaded = asyncio.Event()
        self.loaded.set()
        self.started = 0
        self.running = 0
        self.cancelled = 0
        self.closed = False
        self.failure: ServiceError | None = None

    async def load(self) -> None:
        await self.loaded.wait()
        if self.failure is not None:
            raise self.failure

    def info(self) -> Info:
        return Info()

    def handler(self, client: Client) -> EchoHandler:
        return EchoHandler(self, client)

    async def close(self) -> None:
        self.closed = True


def settings(*words: str) -> Settings:
    parser = ArgumentParser()
    Settings.add_arguments(parser)
    return Settings.load(parser.parse_args(["--uri", "tcp://127.0.0.1:0", *words]))


def echo(text: str, **data: object) -> Event:
    return Event("echo", {"text": text, **data})


async def alive(port: int) -> bool:
    async with connect(port) as wire:
        await wire.send(DESCRIBE)
        return (await wire.read_type("info")).type == "info"


def reachable(port: int) -> bool:
    """Whether something listens there."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
