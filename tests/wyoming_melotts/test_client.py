"""The Python client against a running server, through a relay that can cut the connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.http import free_port
from tests.support.relay import Relay
from tests.wyoming_melotts.api.conftest import Api
from tests.wyoming_melotts.conftest import ServiceMaker
from wyoming_melotts.client import SpeakClient
from wyoming_melotts.spoken import SpeechEvent, SpokenAudio, SpokenSentence
from wyoming_serving.http.client import ApiError, ConnectionLost
from wyoming_serving.service import running

TEXT = "Hello there. The light is on now."
LONG = "The light in the kitchen is on now. " * 200


@asynccontextmanager
async def server(make_service: ServiceMaker, **changes: object) -> AsyncIterator[Api]:
    port = free_port()
    service = make_service(http_port=port, **changes)
    async with running(service) as wyoming_port:
        yield Api(service, port, wyoming_port)


async def heard(client: SpeakClient, text: str) -> list[SpeechEvent]:
    return [event async for event in client.speak(text)]


def pcm(events: list[SpeechEvent]) -> bytes:
    return b"".join(event.pcm for event in events if isinstance(event, SpokenAudio))


def words(events: list[SpeechEvent]) -> list[str]:
    return [w.text for event in events if isinstance(event, SpokenAudio) for w in event.words]


async def pieces(*texts: str) -> AsyncIterator[str]:
    for text in texts:
        yield text


async def test_texts_whole_and_in_pieces(make_service: ServiceMaker) -> None:
    async with server(make_service) as api, SpeakClient(api.url) as client:
        assert await client.sample_rate_hz() == 44_100
        whole = await heard(client, TEXT)
        in_pieces = [event async for event in client.speak(pieces(*TEXT))]
        nothing = [event async for event in client.speak(pieces())]
    assert [e.text for e in whole if isinstance(e, SpokenSentence)] == [
        "Hello there.",
        "The light is on now.",
    ]
    assert words(whole) == ["hello", "there", "the", "light", "is", "on", "now"]
    assert pcm(whole) == pcm(in_pieces)
    assert nothing == []


async def test_who_stops_listening_hears_the_next_text_from_its_beginning(
    make_service: ServiceMaker,
) -> None:
    async with server(make_service, cache_mb=0) as api, SpeakClient(api.url) as client:
        usual = pcm(await heard(client, TEXT))
        events = client.speak(LONG)
        async for event in events:
            if isinstance(event, SpokenAudio):
                break
        await events.aclose()
        assert pcm(await heard(client, TEXT)) == usual


async def test_cancel_ends_a_text_that_still_arrives(make_service: ServiceMaker) -> None:
    async with server(make_service, cache_mb=0) as api, SpeakClient(api.url) as client:
        usual = pcm(await heard(client, TEXT))

        async def endless() -> AsyncIterator[str]:
            while True:
                yield "The light is on now. "
                await asyncio.sleep(0.01)

        async for event in client.speak(endless()):
            if isinstance(event, SpokenAudio):
                await client.cancel()
        assert pcm(await heard(client, TEXT)) == usual


async def test_a_refusal_is_an_error_and_the_session_goes_on(make_service: ServiceMaker) -> None:
    async with server(make_service, max_text_length=50) as api, SpeakClient(api.url) as client:
        for _ in range(2):
            with pytest.raises(ApiError) as refused:
                await heard(client, "x" * 100)
            assert refused.value.code == "text-too-long"
        with pytest.raises(ApiError):
            [event async for event in client.speak(pieces(*["x" * 30] * 5))]
        assert pcm(await heard(client, TEXT))
        async with SpeakClient(api.url, voice="nobody") as other:
            with pytest.raises(ApiError) as refused:
                await heard(other, TEXT)
            assert refused.value.code == "unknown-voice"


async def test_a_text_that_raises_is_cancelled(make_service: ServiceMaker) -> None:
    async def broken() -> AsyncIterator[str]:
        yield "The light is on now. "
        raise KeyError("a defect")

    async with server(make_service) as api, SpeakClient(api.url) as client:
        with pytest.raises(KeyError):
            [event async for event in client.speak(broken())]
        assert pcm(await heard(client, TEXT))


async def test_between_texts_it_connects_again(make_service: ServiceMaker) -> None:
    async with server(make_service) as api:
        relay = Relay(api.http_port)
        async with relay.url() as url, SpeakClient(url) as client:
            usual = pcm(await heard(client, TEXT))
            relay.cut()
            relay.refused = 2
            assert pcm(await heard(client, TEXT)) == usual
            assert relay.connections == 4


async def test_an_interrupted_text_is_not_repeated(make_service: ServiceMaker) -> None:
    async with server(make_service, cache_mb=0) as api:
        relay = Relay(api.http_port)
        async with relay.url() as url, SpeakClient(url) as client:
            events: list[SpeechEvent] = []
            with pytest.raises(ConnectionLost):
                async for event in client.speak(LONG):
                    events.append(event)
                    if isinstance(event, SpokenAudio):
                        relay.cut()
            assert pcm(events)
            assert pcm(await heard(client, TEXT))


async def test_it_gives_up_after_a_while() -> None:
    async with SpeakClient(f"http://127.0.0.1:{free_port()}", patience_seconds=0.5) as client:
        with pytest.raises(ConnectionLost):
            await heard(client, TEXT)
