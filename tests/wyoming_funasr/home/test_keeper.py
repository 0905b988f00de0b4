"""What is known of a home is kept up to date, and no failure ends that."""

import logging
from collections.abc import AsyncIterator

import pytest

from tests.support.waiting import until
from wyoming_funasr.home.description import Home
from wyoming_funasr.home.keeper import HomeKeeper
from wyoming_funasr.recognition.home import Tokens


class OneHome:
    """A source with a home that never changes."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def start(self) -> None:
        """There is nothing to begin."""

    async def changes(self) -> AsyncIterator[Home]:
        yield self._home

    async def close(self) -> None:
        """There is nothing to stop."""


def encode_nothing(text: str) -> list[str]:
    raise KeyError(text)


async def test_a_failure_is_one_line_and_where_it_happened_is_for_debugging(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="wyoming_funasr.home.keeper")
    keeper = HomeKeeper(OneHome(home), ["en"])
    keeper.start({"a model": Tokens((), 0, 0.06, write=str, encode=encode_nothing)})
    try:
        await until(lambda: len(caplog.records) == 2)
    finally:
        await keeper.close()
    error, detail = caplog.records
    assert error.levelno == logging.ERROR and error.exc_info is None
    assert "the home is not known in en: KeyError" in error.getMessage()
    assert detail.levelno == logging.DEBUG and detail.exc_info is not None
    assert keeper.languages == ()


async def test_a_model_may_come_go_and_come_again(home: Home) -> None:
    keeper = HomeKeeper(OneHome(home), ["en"], samples=1)
    keeper.start({"first": None})
    try:
        await until(lambda: keeper.languages == ("en",))
        for _ in range(2):
            keeper.add("second", None)
            assert not keeper.languages
            await until(lambda: keeper.languages == ("en",))
            keeper.remove("second")
            assert keeper.languages == ("en",)
    finally:
        await keeper.close()
