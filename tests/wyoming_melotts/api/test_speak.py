"""`/v1/speak` of a running service, each message held against the schema that it serves."""

import asyncio
import json
from contextlib import AsyncExitStack

import pytest
from wyoming.tts import Synthesize

from tests.support.raw_websocket import frame, handshake, unread
from tests.support.waiting import until
from tests.support.wire import connect
from tests.wyoming_melotts.api.conftest import Api, ApiMaker
from tests.wyoming_melotts.api.speak_client import Talk, talk
from tests.wyoming_melotts.test_protocol import answer
from tests.wyoming_serving.http.test_bounds import has_error

TEXT = "Hello there. The light is on now."
LONG = "The light in the kitchen is on now. " * 200
COMPUTED_AHEAD = 16
"""Chunks, of a client that does not read."""


async def test_a_text_is_spoken_with_its_marks(make_api: ApiMaker) -> None:
    async with make_api() as api, talk(api) as client:
        ready = await client.start()
        assert ready["sample_rate_hz"] == 44_100
        spoken = await client.say(TEXT)
        async with connect(api.wyoming_port) as wire:
            await wire.send(Synthesize(text=TEXT))
            wyoming = await answer(wire)
    assert spoken.audio == wyoming.audio
    assert spoken.types[:4] == ["sentence", "audio_started", "marks", "audio"]
    assert spoken.last["reason"] == "spoken"
    seconds = len(spoken.audio) / 2 / 44_100
    assert spoken.last["audio_seconds"] == pytest.approx(seconds, abs=0.001)
    texts = [word["text"] for word in spoken.words]
    assert " ".join(texts) == "hello there the light is on now"
    times = [time for word in spoken.words for time in (word["start"], word["end"])]
    assert times == sorted(times)
    assert times[-1] <= seconds
    for word in spoken.words:
        assert word["phones"][0]["start"] == word["start"]
        assert word["phones"][-1]["end"] == word["end"]


async def test_text_in_pieces_cached_or_not_sounds_the_same(make_api: ApiMaker) -> None:
    async with make_api() as api, talk(api) as client:
        await client.start()
        whole = await client.say(TEXT)
        pieces = await client.say(*TEXT)
        assert pieces.audio == whole.audio
        assert pieces.words == whole.words


async def test_a_sentence_is_spoken_before_its_text_ends(make_api: ApiMaker) -> None:
    async with make_api() as api, talk(api) as client:
        await client.start()
        await client.send("text", text="Hello there. And ")
        assert (await client.receive_type("sentence"))["text"] == "Hello there."
        await client.receive_type("audio_started")
        await client.send("text", text="so on.")
        await client.send("flush")
        spoken = await client.rest()
    assert spoken.last["reason"] == "spoken"


async def test_voice_rate_speed_and_format_are_heeded(make_api: ApiMaker) -> None:
    async with make_api() as api, talk(api) as client:
        await client.start(voice="EN-US")
        usual = await client.say(TEXT)
        await client.start(language="en-IN")
        assert (await client.say(TEXT)).audio != usual.audio
        await client.start(voice="EN-US", speed=0.25)
        assert len((await client.say(TEXT)).audio) > 1.3 * len(usual.audio)
        await client.start(voice="EN-US", text_format="ssml")
        paused = await client.say('<speak>Hello there. <break time="1s"/>The light is on now.')
        assert paused.last["error"]["code"] == "invalid-event"
        paused = await client.say('Hello there. <break time="1s"/>The light is on now.')
        assert len(paused.audio) == len(usual.audio) + 2 * 44_100
        assert paused.words[2]["start"] == pytest.approx(usual.words[2]["start"] + 1, abs=0.002)
        assert (await client.start(voice="EN-US", sample_rate_hz=16_000))[
            "sample_rate_hz"
        ] == 16_000
        small = await client.say(TEXT)
    assert len(small.audio) == pytest.approx(len(usual.audio) * 16_000 / 44_100, abs=4)
    assert small.words == usual.words


async def test_cancel_stops_at_once_and_the_session_goes_on(make_api: ApiMaker) -> None:
    async with make_api(cache_mb=0) as api, talk(api) as client:
        await client.start()
        await client.send("text", text=LONG)
        await client.send("flush")
        await client.send("text", text=LONG)
        while not isinstance(await client.receive(), bytes):
            pass
        await client.send("cancel")
        cancelled = await client.rest()
        assert cancelled.last["reason"] == "cancelled"
        assert cancelled.last["audio_seconds"] > 0
        second = await client.rest()
        assert second.types == ["done"]
        assert second.last == {
            "type": "done", "utterance": 2, "reason": "cancelled", "audio_seconds": 0.0,
        }  # fmt: skip
        await until(lambda: is_idle(api))
        after = await client.say(TEXT)
        assert after.types[0] == "sentence"
        assert after.last["utterance"] == 3
        assert after.last["reason"] == "spoken"


async def test_after_cancel_no_more_leaves_than_was_computed_ahead(make_api: ApiMaker) -> None:
    """Of hundreds of chunks. `benchmarks/speak_api.py` measures how long it takes."""
    async with make_api(cache_mb=0) as api, talk(api) as client:
        await client.start()
        for number in (1, 2, 3):
            await client.send("text", text=LONG)
            while not isinstance(await client.receive(), bytes):
                pass
            await client.send("cancel")
            chunks = 0
            while (
                not isinstance(message := await client.receive(), dict) or "reason" not in message
            ):
                chunks += isinstance(message, bytes)
            assert (message["reason"], message["utterance"]) == ("cancelled", number)
            assert chunks <= COMPUTED_AHEAD
        await until(lambda: is_idle(api))
        assert (await client.say("On.")).types[0] == "sentence", "nothing came after `done`"


async def test_close_speaks_what_was_given(make_api: ApiMaker) -> None:
    async with make_api() as api, talk(api) as client:
        await client.start()
        await client.send("text", text=TEXT)
        await client.send("close")
        assert (await client.rest()).last["reason"] == "spoken"
        assert await client.receive() is None
        assert client.socket.close_code == 1000


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ({"type": "sing"}, "type"),
        ({}, "type"),
        ([], "object"),
        ({"type": "text"}, "text.text"),
        ({"type": "text", "text": 5}, "text.text"),
        ({"type": "text", "text": "a", "more": 1}, "text.more"),
        ({"type": "start", "speed": 99}, "start.speed"),
        ({"type": "start", "speed": "1"}, "start.speed"),
        ({"type": "start", "sample_rate_hz": 1}, "start.sample_rate_hz"),
        ({"type": "start", "encoding": "mp3"}, "start.encoding"),
        ({"type": "start", "voice": "x" * 1000}, "start.voice"),
    ],
)
async def test_a_wrong_message_is_refused_and_the_session_goes_on(
    message: object, says: str, make_api: ApiMaker
) -> None:
    async with make_api() as api, talk(api) as client:
        await client.start()
        await client.send_wrong(message)
        error = await client.receive_error("invalid-request")
        assert says in error["error"]["message"] + str(error["error"]["param"])
        assert (await client.say("On.")).last["reason"] == "spoken"


async def test_what_is_not_json_and_what_is_out_of_order_is_refused(make_api: ApiMaker) -> None:
    async with make_api() as api, talk(api) as client:
        await client.send("text", text="too early")
        await client.receive_error("invalid-request")
        for data in ("{", "[" * 10_000):
            await client.socket.send_str(data)
            await client.receive_error("invalid-request")
        await client.socket.send_bytes(b"\xff\x00")
        await client.receive_error("invalid-request")
        await client.send("start", voice="nobody")
        await client.receive_error("unknown-voice")
        await client.send("start", language="tlh")
        await client.receive_error("unsupported-language")
        await client.send("flush")
        await client.start()
        assert (await client.say("On.")).last["reason"] == "spoken"


async def test_half_a_character_is_no_defect(make_api: ApiMaker) -> None:
    """A client may cut its text within an emoji."""
    async with make_api() as api, talk(api) as client:
        await client.start()
        await client.socket.send_str('{"type": "text", "text": "On. \\ud83d"}')
        await client.socket.send_str('{"type": "text", "text": "\\ude00. Off."}')
        await client.send("flush")
        spoken = await client.rest()
        assert spoken.last["reason"] == "spoken"
        assert spoken.audio


async def test_a_text_that_is_too_long_ends_its_utterance_alone(make_api: ApiMaker) -> None:
    async with make_api(max_text_length=100) as api, talk(api) as client:
        await client.start()
        await client.send("text", text="On.")
        for _ in range(20):
            await client.send("text", text="x" * 90)
        await client.send("flush")
        failed = await client.rest()
        assert failed.last["error"]["code"] == "text-too-long"
        assert failed.last["utterance"] == 1
        assert (await client.say("On.")).last["utterance"] == 2


async def test_too_many_utterances_end_the_session(make_api: ApiMaker) -> None:
    async with make_api(cache_mb=0) as api, talk(api) as client, talk(api) as neighbour:
        await client.start()
        for _ in range(30):
            await client.socket.send_str(json.dumps({"type": "text", "text": LONG[:5000]}))
            await client.socket.send_str('{"type": "flush"}')
        codes = []
        while (message := await client.receive()) is not None:
            if isinstance(message, dict) and message["type"] == "error":
                codes.append(message["error"]["code"])
        assert codes == ["queue-full"]
        await neighbour.start()
        assert (await neighbour.say("On.")).last["reason"] == "spoken"


async def test_sessions_beyond_the_limit_are_told(make_api: ApiMaker) -> None:
    async with make_api(http_sessions=3, http_connections=300) as api:
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(talk(api)) for _ in range(3)]
            for client in clients:
                await client.start()
            for _ in range(5):
                async with talk(api) as refused:
                    await refused.receive_error("max-sessions-reached")
                    assert await refused.receive() is None
                    assert refused.socket.close_code == 1013
            assert (await clients[0].say("On.")).last["reason"] == "spoken"
            await clients[0].send("close")
            assert await clients[0].receive() is None
            async with talk(api) as later:
                await later.start()


async def test_200_sessions_at_one_time(make_api: ApiMaker) -> None:
    async with make_api(http_sessions=20, http_connections=500) as api:
        async with talk(api) as neighbour:
            await neighbour.start()
            outcomes = await asyncio.gather(*(conversation(neighbour) for _ in range(200)))
            assert (await neighbour.say("On.")).last["reason"] == "spoken"
    assert set(outcomes) == {"spoken", "max-sessions-reached"}


async def conversation(neighbour: Talk) -> str:
    """How a short conversation ended."""
    async with neighbour.another() as client:
        first = await client.receive_after("start")
        if first["type"] == "error":
            return str(first["error"]["code"])
        await client.send("text", text="On.")
        await client.send("close")
        return str((await client.rest()).last["reason"])


async def test_a_session_that_says_nothing_more_is_ended(make_api: ApiMaker) -> None:
    async with make_api(idle_seconds=0.3) as api, talk(api) as client:
        await client.start()
        await client.receive_error("request-timeout")
        assert await client.receive() is None
        async with talk(api) as later:
            await later.start()
            await later.send("text", text="A text without an end")
            await later.receive_error("request-timeout")


async def test_a_message_of_a_megabyte_closes_its_session_alone(make_api: ApiMaker) -> None:
    async with make_api() as api, talk(api) as client, talk(api) as neighbour:
        await neighbour.start()
        await client.start()
        await client.socket.send_str(json.dumps({"type": "text", "text": "x" * (1 << 20)}))
        while await client.receive() is not None:
            pass
        assert client.socket.close_code == 1009
        assert (await neighbour.say("On.")).last["reason"] == "spoken"


async def test_who_does_not_read_is_dropped_and_costs_the_neighbour_nothing(
    make_api: ApiMaker,
) -> None:
    async with make_api(send_seconds=0.3, cache_mb=0) as api, talk(api) as neighbour:
        await neighbour.start()
        async with unread(api.http_port, handshake("/v1/speak")) as slow:
            for text in ('{"type":"start"}', json.dumps({"type": "text", "text": LONG})):
                await asyncio.get_running_loop().sock_sendall(slow, frame(text.encode()))
            assert (await neighbour.say("On.")).last["reason"] == "spoken"
            await until(lambda: has_error(slow))
            await until(lambda: is_idle(api))


async def test_who_leaves_is_spoken_to_no_more(make_api: ApiMaker) -> None:
    async with make_api(cache_mb=0) as api:
        async with talk(api) as client:
            await client.start()
            await client.send("text", text=LONG)
            await client.receive_type("sentence")
            assert not is_idle(api)
        await until(lambda: is_idle(api))


def is_idle(api: Api) -> bool:
    scheduler = api.service.scheduler
    assert scheduler is not None
    return scheduler.running + scheduler.depth == 0
