"""A small service that answers `echo` after it was told to.

`python -m tests.wyoming_serving.echo` runs it as a process of its own, with settings as its words.
"""

import asyncio
import contextlib
import logging
import os
import socket
import sys
import time
from argparse import ArgumentParser

from wyoming.event import Event
from wyoming.info import AsrProgram, Attribution, Info
from wyoming.ping import Ping

from tests.support.wire import connect
from wyoming_serving.errors import ErrorCode, InvalidEvent, ServiceError
from wyoming_serving.logs import configure_logging
from wyoming_serving.process import run
from wyoming_serving.service import Service
from wyoming_serving.session import Client, RequestOutcome
from wyoming_serving.settings import Settings

_LOGGER = logging.getLogger(__name__)

DESCRIBE = b'{"type": "describe"}\n'


class EchoHandler:
    def __init__(self, service: "EchoService", client: Client) -> None:
        self.service = service
        self.client = client
        self.in_request = False

    async def handle(self, event: Event) -> None:
        _LOGGER.info("took %s", event.type)
        if event.type == "echo-start":
            self.in_request = True
        elif event.type == "echo":
            self.in_request = False
            await self.client.answer(self._echo(event))
        elif event.type == "stick":
            await self.client.answer(self._stick())
        elif event.type == "hold-loop":
            time.sleep(60)  # noqa: ASYNC251  a defect to be survived
        elif event.type == "flood":
            await self.client.answer(self._flood(event.data["bytes"]))
        elif event.type == "program":
            await self.client.send(Ping(text=self.client.program))
        elif event.type == "bad":
            raise InvalidEvent("bad is not allowed")
        elif event.type == "bug":
            raise KeyError("a programming mistake")

    async def _stick(self) -> None:
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)

    async def _flood(self, size: int) -> None:
        self.service.started += 1
        piece = Ping(text="x" * (64 << 10))
        for _ in range(size >> 16):
            await self.client.send(piece)

    async def _echo(self, event: Event) -> RequestOutcome | None:
        self.service.started += 1
        self.service.running += 1
        try:
            await self.service.wait_ready()
            await self.service.gate.wait()
            await asyncio.sleep(event.data.get("seconds", 0))
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
        if "ECHO_LOADS_FOR_EVER" in os.environ:
            await asyncio.to_thread(time.sleep, 60)
        await self.loaded.wait()
        if self.failure is not None:
            raise self.failure

    def info(self) -> Info:
        author = Attribution(name="nobody", url="")
        program = AsrProgram(
            name="echo", attribution=author, installed=True, description="", version="", models=[]
        )
        return Info(asr=[program])

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


if __name__ == "__main__":
    configure_logging("info", "text")
    sys.exit(run(EchoService(settings(*sys.argv[1:]))))
