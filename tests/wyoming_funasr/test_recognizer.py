"""Listening without a server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.http import free_port
from tests.wyoming_funasr.conftest import ServiceMaker
from tests.wyoming_funasr.test_client import BEDROOM, KITCHEN, QUIET, finals, saying
from wyoming_funasr.api.listen.answers import Answer, Error
from wyoming_funasr.api.listen.commands import Command, Configure, Flush, Listening
from wyoming_funasr.client import ListenClient
from wyoming_funasr.recognizer import Recognizer
from wyoming_serving.errors import ServiceError
from wyoming_serving.service import running
from wyoming_serving.settings import SettingsError

SAID = (KITCHEN, Flush(), Configure(language="zh-TW"), BEDROOM + QUIET)
TIMES = {"answer_ms": 0, "queue_ms": 0, "recognition_ms": 0}


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, object]:
    cache = tmp_path / "cache"
    return {
        "model_dir": "demo",
        "device": "cpu",
        "threads": 1,
        "offline": True,
        "cache_dir": cache,
        "precision": "float32",
    }


def lasting(answers: list[Answer]) -> list[Answer]:
    """Without what depends on the machine's speed."""
    return [
        answer.model_copy(update=TIMES if answer.type == "final" else {})
        for answer in answers
        if answer.type not in ("partial", "preflight")
    ]


async def test_it_hears_what_the_server_hears(
    make_service: ServiceMaker, settings: dict[str, object]
) -> None:
    port = free_port()
    service = make_service("--model-dir", "demo", "--http-port", str(port))
    async with running(service), ListenClient(f"http://127.0.0.1:{port}") as client:
        served = [answer async for answer in client.listen(saying(*SAID))]
    async with Recognizer(**settings) as recognizer:
        heard = [answer async for answer in recognizer.listen(saying(*SAID))]
    assert lasting(heard) == lasting(served)
    assert len(finals(heard)) == 2


async def test_streams_side_by_side(settings: dict[str, object]) -> None:
    async with Recognizer(**settings) as recognizer:

        async def text(said: bytes, listening: Listening) -> str:
            answers = [answer async for answer in recognizer.listen(saying(said), listening)]
            return finals(answers)[0].text

        english, chinese = await asyncio.gather(
            text(KITCHEN, Listening()), text(BEDROOM, Listening(language="zh-TW"))
        )
    assert "light" in english and "燈" in chinese


async def test_what_goes_wrong_is_raised_and_the_next_stream_is_heard(
    settings: dict[str, object],
) -> None:
    async def broken() -> AsyncIterator[bytes | Command]:
        yield KITCHEN
        raise KeyError("a defect")

    async with Recognizer(**settings) as recognizer:
        with pytest.raises(KeyError):
            [answer async for answer in recognizer.listen(broken())]
        with pytest.raises(ServiceError, match="rate"):
            [answer async for answer in recognizer.listen(saying(KITCHEN), rate_hz=1)]
        with pytest.raises(ServiceError, match="tlh"):
            wrong = Listening(language="tlh")
            [answer async for answer in recognizer.listen(saying(KITCHEN), wrong)]
        said = saying(Configure(language="tlh"), KITCHEN)
        answers = [answer async for answer in recognizer.listen(said)]
    assert isinstance(answers[0], Error) and answers[0].error.code == "unsupported-language"
    assert len(finals(answers)) == 1


async def test_who_leaves_early_leaves_nothing_behind(settings: dict[str, object]) -> None:
    tasks = asyncio.all_tasks()
    async with Recognizer(**settings) as recognizer:
        events = recognizer.listen(saying(*[KITCHEN + QUIET] * 20))
        async for answer in events:
            if answer.type == "final":
                break
        await events.aclose()
    assert asyncio.all_tasks() == tasks


def test_wrong_settings_are_named() -> None:
    with pytest.raises(SettingsError, match="threads"):
        Recognizer(threads="many")
    with pytest.raises(SettingsError, match="model_dri: there is no such setting"):
        Recognizer(model_dri="demo")
