"""OpenAI's routes, asked by OpenAI's own client."""

import asyncio
import base64
import io
import json
import sys

import aiohttp
import numpy as np
import pytest
import soundfile
from openai import APIStatusError, AsyncOpenAI, BadRequestError, NotFoundError

from tests.support.waiting import until
from tests.wyoming_melotts.api.conftest import Api, ApiMaker
from wyoming_melotts.delivery.encoding import OPENAI_PCM_HZ
from wyoming_melotts.service import MelottsService

TEXT = "Hello there. The light is on now."
LONG = "The light in the kitchen is on now. " * 200


def client(api: Api) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=f"{api.url}/v1", api_key="none", max_retries=0, timeout=60)


def pcm_of(wav: bytes) -> bytes:
    assert wav[:4] == b"RIFF"
    return wav[44:]


async def test_openais_client_gets_audio_in_each_format(make_api: ApiMaker) -> None:
    async with make_api(sample_rate_hz=24_000) as api, client(api) as openai:
        audio = {}
        for name in ("wav", "pcm", "mp3", "opus", "flac"):
            answer = await openai.audio.speech.create(
                model="tts-1",
                voice="alloy",
                input=TEXT,
                response_format=name,
            )
            audio[name] = answer.content
    seconds = len(audio["pcm"]) / 2 / OPENAI_PCM_HZ
    assert seconds > 0.5
    assert pcm_of(audio["wav"]) == audio["pcm"]
    for name in ("mp3", "opus"):
        heard, rate_hz = soundfile.read(io.BytesIO(audio[name]))
        assert abs(len(heard) / rate_hz - seconds) < 0.2
        assert np.abs(heard).max() > 0
    assert audio["flac"][:4] == b"fLaC"


async def test_speed_and_voice_are_heeded(make_api: ApiMaker) -> None:
    async with make_api() as api, client(api) as openai:

        async def spoken(voice: str, speed: float = 1.0, **more: str) -> bytes:
            answer = await openai.audio.speech.create(
                model="melotts",
                voice=voice,
                input=TEXT,
                response_format="pcm",
                speed=speed,
                extra_body=more,
            )
            return answer.content

        usual = await spoken("EN-US")
        assert await spoken("alloy", language="en-US") == usual
        assert await spoken("EN_INDIA") != usual
        assert await spoken("alloy", language="en-IN") == await spoken("EN_INDIA")
        assert len(await spoken("EN-US", speed=0.25)) > 1.3 * len(usual)


async def test_audio_leaves_before_the_text_is_spoken(make_api: ApiMaker) -> None:
    async with make_api(cache_mb=0) as api, client(api) as openai:
        async with openai.audio.speech.with_streaming_response.create(
            model="tts-1", voice="alloy", input=LONG, response_format="wav"
        ) as answer:
            pieces = answer.iter_bytes(1000)
            first = await anext(pieces)
            assert first[:4] == b"RIFF"
            assert first[4:8] == b"\xff" * 4
            assert not is_idle(api.service)
        # the client has left
        await until(lambda: is_idle(api.service))


async def test_audio_in_server_sent_events(make_api: ApiMaker) -> None:
    body = {"model": "tts-1", "voice": "alloy", "input": TEXT, "response_format": "pcm"}
    async with make_api() as api, aiohttp.ClientSession(api.url) as session:
        async with session.post("/v1/audio/speech", json=body) as answer:
            plain = await answer.read()
        async with session.post(
            "/v1/audio/speech", json={**body, "stream_format": "sse"}
        ) as answer:
            assert answer.content_type == "text/event-stream"
            events = [
                json.loads(line.removeprefix(b"data: "))
                async for line in answer.content
                if line.strip()
            ]
    assert {event["type"] for event in events[:-1]} == {"speech.audio.delta"}
    assert events[-1]["type"] == "speech.audio.done"
    assert b"".join(base64.b64decode(event["audio"]) for event in events[:-1]) == plain


async def test_models_and_voices_are_listed(make_api: ApiMaker) -> None:
    async with make_api() as api, client(api) as openai:
        models = [model.id async for model in openai.models.list()]
        assert models == ["melotts"]
        assert (await openai.models.retrieve("melotts")).id == "melotts"
        with pytest.raises(NotFoundError):
            await openai.models.retrieve("whisper-1")
        async with aiohttp.ClientSession(api.url) as session:
            async with session.get("/v1/audio/voices") as answer:
                voices = (await answer.json())["data"]
    by_name = {voice["id"]: voice for voice in voices}
    assert by_name["EN_INDIA"]["languages"] == ["en-IN"]
    assert by_name["EN_INDIA"]["installed"]
    assert not by_name["ZH"]["installed"]


@pytest.mark.parametrize(
    ("change", "status", "code", "param"),
    [
        ({"input": ""}, 400, "invalid-request", "input"),
        ({"input": 5}, 400, "invalid-request", "input"),
        ({"input": None}, 400, "invalid-request", "input"),
        ({"input": "x" * 10_001}, 413, "text-too-long", None),
        ({"speed": "fast"}, 400, "invalid-request", "speed"),
        ({"speed": 9}, 400, "invalid-request", "speed"),
        ({"speed": True}, 400, "invalid-request", "speed"),
        ({"response_format": "aac"}, 400, "invalid-request", "response_format"),
        ({"stream_format": "ws"}, 400, "invalid-request", "stream_format"),
        ({"voice": "nobody"}, 400, "unknown-voice", None),
        ({"language": "tlh"}, 400, "unsupported-language", None),
        ({"model": "whisper-1"}, 404, "unknown-model", "model"),
        ({"model": ["tts-1"]}, 400, "invalid-request", "model"),
    ],
)
async def test_wrong_fields_are_named(
    change: dict[str, object], status: int, code: str, param: str | None, make_api: ApiMaker
) -> None:
    body = {"model": "tts-1", "voice": "alloy", "input": TEXT, "response_format": "wav"} | change
    async with make_api() as api, aiohttp.ClientSession(api.url) as session:
        async with session.post("/v1/audio/speech", json=body) as answer:
            error = (await answer.json())["error"]
            assert (answer.status, error["code"]) == (status, code)
            assert error["param"] == param
            assert len(error["message"]) < 600


async def test_a_format_whose_library_is_missing_says_how_to_get_it(
    make_api: ApiMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    async with make_api() as api, client(api) as openai:
        with pytest.raises(BadRequestError) as refused:
            await openai.audio.speech.create(model="tts-1", voice="alloy", input=TEXT)
        assert (refused.value.code, refused.value.param) == ("not-supported", "response_format")
        assert "[formats]" in refused.value.message
        speech = await openai.audio.speech.create(
            model="tts-1", voice="alloy", input=TEXT, response_format="pcm"
        )
        assert speech.content


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"input": "\xff"}', b"[" * 50_000])
async def test_a_body_that_is_no_request_is_refused(body: bytes, make_api: ApiMaker) -> None:
    async with make_api() as api, aiohttp.ClientSession(api.url) as session:
        async with session.post("/v1/audio/speech", data=body) as answer:
            assert answer.status == 400
            assert (await answer.json())["error"]["code"] == "invalid-request"


async def test_a_giant_body_is_refused_before_it_is_read(make_api: ApiMaker) -> None:
    async with make_api() as api, client(api) as openai:
        with pytest.raises(APIStatusError) as refused:
            await openai.audio.speech.create(
                model="tts-1", voice="alloy", input="x" * 5_000_000, response_format="wav"
            )
        assert refused.value.status_code == 413
        speech = await openai.audio.speech.create(
            model="tts-1", voice="alloy", input=TEXT, response_format="wav"
        )
        assert len(speech.content) > 1000


async def test_openais_client_understands_the_errors(make_api: ApiMaker) -> None:
    async with make_api() as api, client(api) as openai:
        with pytest.raises(BadRequestError) as refused:
            await openai.audio.speech.create(model="tts-1", voice="EN-XX", input=TEXT)
    assert refused.value.code == "unknown-voice"
    assert "near ones" in refused.value.message


async def test_a_request_that_is_cut_costs_the_neighbour_nothing(make_api: ApiMaker) -> None:
    async with make_api() as api, client(api) as openai:
        for sent in (b"POST /v1/audio/speech HTTP/1.1\r\nContent-Le", HALF_A_BODY):
            _, writer = await asyncio.open_connection("127.0.0.1", api.http_port)
            writer.write(sent)
            await writer.drain()
            writer.close()
        speech = await openai.audio.speech.create(
            model="tts-1", voice="alloy", input=TEXT, response_format="wav"
        )
        assert len(speech.content) > 1000


HALF_A_BODY = (
    b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n"
    b'{"input": "The light'
)


async def test_who_does_not_read_is_dropped_and_costs_the_neighbour_nothing(
    make_api: ApiMaker,
) -> None:
    async with make_api(http_silent_seconds=1, cache_mb=0) as api, client(api) as openai:
        reader, writer = await asyncio.open_connection("127.0.0.1", api.http_port, limit=1024)
        body = json.dumps({"input": LONG, "response_format": "wav", "voice": "EN-US"}).encode()
        head = f"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}"
        writer.write(head.encode() + b"\r\n\r\n" + body)
        await reader.readline()
        speech = await openai.audio.speech.create(
            model="tts-1", voice="alloy", input=TEXT, response_format="wav"
        )
        assert len(speech.content) > 1000
        await until(lambda: is_idle(api.service))
        writer.close()


async def test_200_clients_are_all_answered(make_api: ApiMaker) -> None:
    async with make_api(http_connections=400, max_queue=20) as api:
        async with aiohttp.ClientSession(api.url, connector=aiohttp.TCPConnector(limit=0)) as many:

            async def ask(_: int) -> int:
                body = {"input": "On.", "response_format": "wav"}
                async with many.post("/v1/audio/speech", json=body) as answer:
                    await answer.read()
                    return answer.status

            statuses = await asyncio.gather(*map(ask, range(200)))
            assert set(statuses) <= {200, 503} and 200 in statuses
            assert await ask(0) == 200


async def test_a_body_that_trickles_for_ever_is_ended(make_api: ApiMaker) -> None:
    async with make_api(http_silent_seconds=0.4) as api, client(api) as openai:
        reader, writer = await asyncio.open_connection("127.0.0.1", api.http_port)
        writer.write(HALF_A_BODY)
        answer = asyncio.create_task(reader.readline())
        async with asyncio.timeout(60):
            while not answer.done():
                writer.write(b" ")
                await asyncio.sleep(0.02)
        assert b" 408 " in await answer
        speech = await openai.audio.speech.create(
            model="tts-1", voice="alloy", input=TEXT, response_format="wav"
        )
        assert len(speech.content) > 1000
        writer.transport.abort()


async def test_a_full_queue_is_an_error_that_says_when_to_come_again(make_api: ApiMaker) -> None:
    async with make_api(max_queue=1, threads=1, cache_mb=0) as api:
        async with aiohttp.ClientSession(api.url) as session:

            async def ask(index: int) -> tuple[int, str | None]:
                body = {"input": f"{index}. {TEXT}", "response_format": "wav"}
                async with session.post("/v1/audio/speech", json=body) as answer:
                    await answer.read()
                    return answer.status, answer.headers.get("Retry-After")

            answers = await asyncio.gather(*map(ask, range(20)))
    assert set(answers) == {(200, None), (503, "1")}


def is_idle(service: MelottsService) -> bool:
    assert service.scheduler is not None
    return service.scheduler.running + service.scheduler.depth == 0
