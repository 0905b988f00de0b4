"""The Python client against a running server, through a relay that can cut the connection."""

import asyncio
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.http import free_port
from tests.support.processes import run_to_end
from tests.support.relay import Relay
from tests.support.speech import DATA, noise, read_pcm
from tests.wyoming_funasr.conftest import ServiceMaker
from wyoming_funasr.api.listen.answers import Answer, Error, Final
from wyoming_funasr.api.listen.commands import Cancel, Command, Configure, Flush, Listening
from wyoming_funasr.client import ListenClient
from wyoming_serving.audio import encode_pcm16
from wyoming_serving.http.client import ApiError, ConnectionLost
from wyoming_serving.service import running

KITCHEN = read_pcm(DATA / "kitchen_light_off_en.wav")
BEDROOM = read_pcm(DATA / "bedroom_light_off_zh.wav")
QUIET = encode_pcm16(noise(1.0, 0.0005))
READ_SECONDS = 60.0


@pytest.fixture
def demo(make_service: ServiceMaker) -> ServiceMaker:
    return partial(make_service, "--model-dir", "demo", "--http-port")


async def saying(*said: bytes | Command) -> AsyncIterator[bytes | Command]:
    for piece in said:
        yield piece


class Speaker:
    """Says what a test says, when it says it."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes | Command | None] = asyncio.Queue()

    def say(self, *said: bytes | Command | None) -> None:
        """Say pieces; None is the end."""
        for piece in said:
            self._queue.put_nowait(piece)

    async def said(self) -> AsyncIterator[bytes | Command]:
        while (piece := await self._queue.get()) is not None:
            yield piece


def finals(answers: list[Answer]) -> list[Final]:
    return [answer for answer in answers if isinstance(answer, Final)]


def kinds(answers: list[Answer]) -> list[str]:
    return [answer.type for answer in answers if answer.type not in ("partial", "preflight")]


async def test_commands_take_effect_at_their_place(demo: ServiceMaker) -> None:
    port = free_port()
    async with running(demo(str(port))), ListenClient(f"http://127.0.0.1:{port}") as client:
        said = (KITCHEN, Flush(), Configure(language="zh-TW"), BEDROOM + QUIET, Flush())
        listening = Listening(language="en", partials=False)
        answers = [answer async for answer in client.listen(saying(*said), listening)]
        nothing = [answer async for answer in client.listen(saying())]
    kitchen, bedroom, empty = finals(answers)
    assert kitchen.ended_by == "flush" and "light" in kitchen.text
    assert "燈" in bedroom.text and empty.text == ""
    assert "partial" not in {answer.type for answer in answers}
    assert nothing == []


async def test_a_lost_connection_loses_no_speech(demo: ServiceMaker) -> None:
    port = free_port()
    speaker, relay = Speaker(), Relay(port)
    async with running(demo(str(port))), relay.url() as url, ListenClient(url) as client:
        speaker.say(Configure(language="zh-TW"), KITCHEN + QUIET, BEDROOM[: len(BEDROOM) // 2])
        answers: list[Answer] = []
        async with asyncio.timeout(READ_SECONDS):
            async for answer in client.listen(speaker.said(), Listening(partials=False)):
                answers.append(answer)
                if kinds(answers)[-2:] == ["final", "speech_started"] and len(kinds(answers)) < 5:
                    relay.refused = 2
                    relay.cut()
                    speaker.say(BEDROOM[len(BEDROOM) // 2 :] + QUIET, None)
    assert relay.connections == 4
    whole = ["speech_started", "speech_ended", "final"]
    assert kinds(answers) == [*whole, "speech_started", "cancelled", *whole]
    assert [answer.utterance for answer in finals(answers)] == [1, 3]
    bedroom = finals(answers)[1]
    assert "燈" in bedroom.text  # as was configured before the connection was lost
    begins_ms = len(KITCHEN + QUIET) // 32
    assert bedroom.speech_start_ms is not None and bedroom.speech_start_ms > begins_ms - 100
    assert bedroom.words[0].start_ms > begins_ms


async def test_a_cancelled_utterance_is_not_heard_again(demo: ServiceMaker) -> None:
    port = free_port()
    speaker, relay = Speaker(), Relay(port)
    async with running(demo(str(port))), relay.url() as url, ListenClient(url) as client:
        speaker.say(BEDROOM)
        answers: list[Answer] = []
        async with asyncio.timeout(READ_SECONDS):
            async for answer in client.listen(speaker.said()):
                answers.append(answer)
                if answer.type == "speech_started" and answer.utterance == 1:
                    speaker.say(Cancel())
                if answer.type == "cancelled":
                    relay.cut()
                    speaker.say(KITCHEN, None)
    assert [final.language for final in finals(answers)] == ["en"]


async def test_a_session_that_the_server_ends_goes_on(demo: ServiceMaker) -> None:
    port = free_port()
    speaker = Speaker()
    service = demo(str(port), "--idle-seconds", "0.2", "--http-sessions", "1")
    async with running(service), ListenClient(f"http://127.0.0.1:{port}") as client:
        speaker.say(KITCHEN + QUIET)
        answers: list[Answer] = []
        async with asyncio.timeout(READ_SECONDS):
            async for answer in client.listen(speaker.said()):
                answers.append(answer)
                if len(finals(answers)) == 1 and answer.type == "final":
                    await asyncio.sleep(0.5)
                    speaker.say(BEDROOM + QUIET, None)
    assert [final.language for final in finals(answers)] == ["en", "zh"]


async def test_where_all_sessions_are_taken_it_waits(demo: ServiceMaker) -> None:
    port = free_port()
    speaker = Speaker()
    service = demo(str(port), "--http-sessions", "1")
    async with running(service), ListenClient(f"http://127.0.0.1:{port}") as client:

        async def listen(said: AsyncIterator[bytes | Command]) -> list[Answer]:
            return [answer async for answer in client.listen(said)]

        speaker.say(KITCHEN)
        first = asyncio.create_task(listen(speaker.said()))
        second = asyncio.create_task(listen(saying(BEDROOM)))
        await asyncio.sleep(0.5)  # one of them is refused meanwhile
        speaker.say(None)
        async with asyncio.timeout(READ_SECONDS):
            texts = [finals(await task)[0].text for task in (first, second)]
    assert "light" in texts[0] and "灯" in texts[1]


async def test_what_is_refused_is_told(demo: ServiceMaker, tmp_path: Path) -> None:
    port = free_port()
    tokens = tmp_path / "tokens"
    tokens.write_text("a-token-for-tests\n")
    url = f"http://127.0.0.1:{port}"
    async with running(demo(str(port), "--http-token-file", str(tokens))):
        async with ListenClient(url) as client:
            with pytest.raises(ApiError) as refused:
                [answer async for answer in client.listen(saying(KITCHEN))]
            assert refused.value.code == "401"
        async with ListenClient(url, token="a-token-for-tests") as client:
            with pytest.raises(ApiError) as refused:
                wrong = Listening(language="tlh")
                [answer async for answer in client.listen(saying(KITCHEN), wrong)]
            assert refused.value.code == "unsupported-language"
            said = saying(Configure(language="tlh"), KITCHEN)
            answers = [answer async for answer in client.listen(said)]
    (error,) = [answer for answer in answers if isinstance(answer, Error)]
    assert error.error.code == "unsupported-language"
    assert len(finals(answers)) == 1


async def test_what_the_stream_raises_is_raised(demo: ServiceMaker) -> None:
    async def broken() -> AsyncIterator[bytes | Command]:
        yield KITCHEN
        raise KeyError("a defect")

    port = free_port()
    async with running(demo(str(port))), ListenClient(f"http://127.0.0.1:{port}") as client:
        answers: list[Answer] = []
        with pytest.raises(KeyError):
            async for answer in client.listen(broken()):
                answers.append(answer)
    assert len(finals(answers)) == 1


async def test_it_gives_up_after_a_while() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    async with ListenClient(url, patience_seconds=0.5) as client:
        with pytest.raises(ConnectionLost):
            [answer async for answer in client.listen(saying(KITCHEN))]


async def test_it_needs_no_engine() -> None:
    heavy = "{'numpy', 'soxr', 'onnxruntime', 'wyoming'}"
    program = f"import sys, wyoming_funasr.client; sys.exit(str({heavy} & set(sys.modules) or ''))"
    status, written = await run_to_end(sys.executable, "-c", program)
    assert (status, written.strip()) == (1, "")
