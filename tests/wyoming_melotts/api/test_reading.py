"""`/v1/reading`: what would be spoken, without speaking."""

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.support.event_loop import watched_loop
from tests.wyoming_melotts.api.conftest import Api, ApiMaker
from tests.wyoming_melotts.api.speak_client import talk

TEXT = "The living room has 21 °C now. Mr. Smith paid $5!"


async def read(api: Api, **body: object) -> tuple[int, dict[str, Any]]:
    async with aiohttp.ClientSession(api.url) as http:
        async with http.post("/v1/reading", json=body) as answer:
            return answer.status, await answer.json()


async def test_the_words_are_those_that_are_spoken(make_api: ApiMaker) -> None:
    async with make_api() as api, talk(api) as client:
        status, found = await read(api, text=TEXT)
        assert status == 200
        assert [one["text"] for one in found["sentences"]] == [
            "The living room has 21 °C now.", "Mr. Smith paid $5!",
        ]  # fmt: skip
        assert {(one["voice"], one["language"]) for one in found["sentences"]} == {
            ("EN-US", "en-US")
        }
        await client.start()
        spoken = await client.say(TEXT)
    shown = [word for one in found["sentences"] for word in one["words"]]
    assert [word["text"] for word in shown] == [word["text"] for word in spoken.words]
    assert "twenty" in [word["text"] for word in shown]
    assert [word["phones"] for word in shown] == [
        [phone["symbol"] for phone in word["phones"]] for word in spoken.words
    ]


async def test_a_language_is_read_whose_voice_is_not_there(make_api: ApiMaker) -> None:
    async with make_api() as api:
        status, found = await read(api, text="厨房现在21度。", voice="ZH")
    assert status == 200
    [sentence] = found["sentences"]
    assert [word["text"] for word in sentence["words"]] == list("厨房现在二十一度")
    assert sentence["words"][0]["phones"] == ["ch", "u"]


@pytest.mark.parametrize("text", ["", "   ", "...", "\n\n", "<b>"])
async def test_a_text_without_words_has_none(text: str, make_api: ApiMaker) -> None:
    async with make_api() as api:
        status, found = await read(api, text=text)
    assert status == 200
    assert all(word["text"] == "b" for one in found["sentences"] for word in one["words"])


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "invalid-request", "text"),
        ({"text": 5}, "invalid-request", "text"),
        ({"text": "a", "speed": 1}, "invalid-request", "speed"),
        ({"text": "a", "voice": ["ZH"]}, "invalid-request", "voice"),
        ({"text": "a", "voice": "nobody"}, "unknown-voice", None),
        ({"text": "a" * 1_001}, "invalid-request", "text"),
    ],
)
async def test_what_is_wrong_is_told(
    body: dict[str, object], code: str, param: str | None, make_api: ApiMaker
) -> None:
    async with make_api() as api:
        status, answer = await read(api, **body)
    assert status == 400
    assert (answer["error"]["code"], answer["error"]["param"]) == (code, param)


async def test_many_previews_hold_neither_the_loop_nor_a_speaker(make_api: ApiMaker) -> None:
    """More than may wait are refused; speech goes first."""
    async with make_api(http_connections=200) as api, talk(api) as client:
        await client.start()
        await read(api, text=TEXT)
        async with watched_loop() as watch:
            many = [asyncio.create_task(read(api, text="12:30 at 21 °C. " * 60)) for _ in range(60)]
            assert (await client.say("On.")).last["reason"] == "spoken"
            statuses = {status for status, _ in await asyncio.gather(*many)}
        assert statuses <= {200, 503}
        assert watch.longest_seconds < 0.05
