"""A running service with an HTTP port."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.support.http import free_port
from tests.wyoming_melotts.conftest import ServiceMaker
from wyoming_melotts.service import MelottsService
from wyoming_serving.service import running


@dataclass(frozen=True)
class Api:
    """A service and where it is."""

    service: MelottsService
    http_port: int
    wyoming_port: int

    @property
    def url(self) -> str:
        """The root of its HTTP routes."""
        return f"http://127.0.0.1:{self.http_port}"


ApiMaker = Callable[..., AbstractAsyncContextManager[Api]]


@pytest.fixture
def make_api(make_service: ServiceMaker) -> ApiMaker:
    @asynccontextmanager
    async def make(**changes: object) -> AsyncIterator[Api]:
        http_port = free_port()
        service = make_service(http_port=http_port, **changes)
        async with running(service) as wyoming_port:
            yield Api(service, http_port, wyoming_port)

    return make
