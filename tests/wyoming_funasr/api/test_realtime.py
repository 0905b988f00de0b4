"""The `openai` package's Realtime client, and hostile clients, against a running server."""

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

import aiohttp
import numpy as np
import openai
import pytest
import websockets
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime import RealtimeServerEvent

from tests.support.event_loop import watched_loop
from tests.support.examples import ROOT, examples
from tests.support.speech import DATA, noise, read_pcm
from tests.support.waiting import until
from tests.wyoming_funasr.api.listener import READ_SECONDS, Server, serving
from tests.wyoming_funasr.conftest import ServiceMaker
from wyoming_funasr.recognition.types import Recognition
from wyoming_serving.audio import Resampler, Samples, encode_pcm16
from wyoming_serving.errors import QueueFull

QUERY = {"intent": "transcription"}
URL = "/v1/realtime?intent=transcription"
COMPLETED = "conversation.item.input_audio_transcription.completed"
DELTA = "conversation.item.input_audio_transcription.delta"
LOGPROBS: Literal["item.input_audio_transcription.logprobs"] = (
    "item.input_audio_transcription.logprobs"
)
APPEND = "input_audio_buffer.append"
COMMIT = "input_audio_buffer.commit"


def at_24000(pcm: bytes) -> bytes:
    """16 kHz PCM at the rate of the API."""
    samples: Samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)
    return encode_pcm16(Resampler(16_000, 24_000).resample(samples, last=True))


KITCHEN = at_24000(read_pcm(DATA / "kitchen_light_off_en.wav"))
BEDROOM = at_24000(read_pcm(DATA / "bedroom_light_off_zh.wav"))
QUIET = at_24000(encode_pcm16(noise(1.0, 0.0005)))
KITCHEN_TEXT = "Turn off the kitchen light."


@pytest.fixture
def demo(make_service: ServiceMaker) -> ServiceMaker:
    return partial(make_service, "--model-dir", "demo")


@asynccontextmanager
async def connected(server: Server, key: str = "none") -> AsyncIterator[AsyncRealtimeConnection]:
    """The package's client."""
    url = f"http://127.0.0.1:{server.service.settings.http_port}/v1"
    async with (
        openai.AsyncOpenAI(base_url=url, api_key=key) as client,
        client.realtime.connect(extra_query=QUERY) as connection,
    ):
        yield connection


async def append(connection: AsyncRealtimeConnection, pcm: bytes) -> None:
    for at in range(0, len(pcm), 4_800):
        audio = base64.b64encode(pcm[at : at + 4_800]).decode()
        await connection.input_audio_buffer.append(audio=audio)


async def read(connection: AsyncRealtimeConnection) -> RealtimeServerEvent:
    return await asyncio.wait_for(connection.recv(), READ_SECONDS)


async def read_until(connection: AsyncRealtimeConnection, kind: str) -> list[Any]:
    events: list[Any] = [await read(connection)]
    while events[-1].type != kind:
        assert events[-1].type != "error", events[-1]
        events.append(await read(connection))
    return events


async def update(connection: AsyncRealtimeConnection, **inputs: Any) -> Any:
    """Change the session; what it is then."""
    session: Any = {"type": "transcription", "audio": {"input": inputs}}
    await connection.session.update(session=session)
    event: Any = (await read_until(connection, "session.updated"))[-1]
    return event.session


async def test_turns_are_found_and_transcribed(demo: ServiceMaker) -> None:
    async with serving(demo) as server, connected(server) as connection:
        created: Any = await read(connection)
        assert created.type == "session.created"
        told = created.session.audio.input
        assert told.format.rate == 24_000
        assert (told.turn_detection.type, told.turn_detection.silence_duration_ms) == (
            "server_vad", 500,
        )  # fmt: skip
        await append(connection, KITCHEN + QUIET + BEDROOM + QUIET)
        first = await read_until(connection, COMPLETED)
        second = await read_until(connection, COMPLETED)
    expected = [
        "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed", "conversation.item.added", "conversation.item.done",
        COMPLETED,
    ]  # fmt: skip
    for events in (first, second):
        assert [event.type for event in events if event.type != DELTA] == expected
        assert len({one.item_id for one in events if hasattr(one, "item_id")}) == 1
        deltas = [event.delta for event in events if event.type == DELTA]
        assert "".join(deltas) == events[-1].transcript
        assert len({event.event_id for event in events}) == len(events)
    assert first[-1].transcript == KITCHEN_TEXT and "灯" in second[-1].transcript
    assert [one.code for one in second[-1].languages] == ["zh"]
    assert first[-1].usage.type == "duration" and first[-1].usage.seconds > 1
    assert second[0].audio_start_ms > len(KITCHEN) // 48
    committed = {one.type: one for one in second}["input_audio_buffer.committed"]
    assert committed.previous_item_id == first[-1].item_id


async def test_without_turn_detection_a_commit_ends_an_item(demo: ServiceMaker) -> None:
    longest = ("--max-utterance-seconds", "2")
    async with serving(demo, *longest) as server, connected(server) as connection:
        session = await update(connection, turn_detection=None)
        assert session.audio.input.turn_detection is None
        for _ in range(2):
            await append(connection, KITCHEN + QUIET + BEDROOM)  # longer than an utterance
            await connection.input_audio_buffer.commit()
            events = await read_until(connection, COMPLETED)
            assert [event.type for event in events if event.type != DELTA] == [
                "input_audio_buffer.committed", "conversation.item.added",
                "conversation.item.done", COMPLETED,
            ]  # fmt: skip
            assert "".join(one.delta for one in events if one.type == DELTA).strip()
            assert "灯" in events[-1].transcript
            assert events[-1].usage.seconds == pytest.approx(
                len(KITCHEN + QUIET + BEDROOM) / 48_000, abs=0.2
            )


async def test_a_session_changes_and_keeps_what_is_left_out(demo: ServiceMaker) -> None:
    async with serving(demo) as server, connected(server) as connection:
        session = await update(
            connection,
            transcription={"model": "gpt-4o-transcribe", "language": "zh-TW", "prompt": "臥室"},
            turn_detection={"type": "server_vad", "silence_duration_ms": 700, "threshold": 0.4},
            noise_reduction={"type": "near_field"},
        )
        assert session.audio.input.transcription.language == "zh-TW"
        session = await update(connection, turn_detection={"type": "server_vad"})
        told = session.audio.input
        assert (told.turn_detection.silence_duration_ms, told.turn_detection.threshold) == (
            700, 0.4,
        )  # fmt: skip
        assert told.transcription.language == "zh-TW"
        session = await update(
            connection, turn_detection={"type": "semantic_vad", "eagerness": "high"}
        )
        assert session.audio.input.turn_detection.eagerness == "high"
        await append(connection, BEDROOM + QUIET)
        assert "燈" in (await read_until(connection, COMPLETED))[-1].transcript


async def test_log_probabilities_come_where_they_are_asked_for(demo: ServiceMaker) -> None:
    async with serving(demo) as server, connected(server) as connection:
        await connection.session.update(
            session={
                "type": "transcription",
                "include": ["item.input_audio_transcription.logprobs"],
            }
        )
        await append(connection, KITCHEN)
        await connection.input_audio_buffer.commit()
        completed = (await read_until(connection, COMPLETED))[-1]
    for one in completed.logprobs:
        assert one.logprob <= 0 and bytes(one.bytes).decode() == one.token


async def test_a_clear_leaves_nothing_of_the_audio(demo: ServiceMaker) -> None:
    async with serving(demo) as server, connected(server) as connection:
        await append(connection, BEDROOM)
        await read_until(connection, "input_audio_buffer.speech_started")
        await connection.input_audio_buffer.clear()
        await read_until(connection, "input_audio_buffer.cleared")
        await connection.input_audio_buffer.commit()
        error: Any = await read(connection)
        assert error.type == "error" and "empty" in error.error.message
        await append(connection, KITCHEN)
        await connection.input_audio_buffer.commit()
        assert (await read_until(connection, COMPLETED))[-1].transcript == KITCHEN_TEXT


async def test_the_beta_is_understood(demo: ServiceMaker) -> None:
    async with serving(demo) as server:
        headers = {"OpenAI-Beta": "realtime=v1"}
        async with server.browser.ws_connect(URL, headers=headers) as socket:
            created = await receive(socket)
            assert created["type"] == "transcription_session.created"
            assert created["session"]["input_audio_format"] == "pcm16"
            await socket.send_json(
                {
                    "type": "transcription_session.update",
                    "session": {
                        "input_audio_format": "pcm16",
                        "input_audio_transcription": {"model": "whisper-1", "language": "en"},
                        "turn_detection": None,
                    },
                }
            )
            updated = await receive(socket)
            assert updated["type"] == "transcription_session.updated"
            assert updated["session"]["turn_detection"] is None
            await say(socket, KITCHEN)
            events = [await receive(socket)]
            while events[-1]["type"] != COMPLETED:
                events.append(await receive(socket))
    assert "conversation.item.created" in [event["type"] for event in events]
    assert events[-1]["transcript"] == KITCHEN_TEXT


async def receive(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    message: dict[str, Any] = await socket.receive_json(timeout=READ_SECONDS)
    return message


async def say(socket: aiohttp.ClientWebSocketResponse, pcm: bytes) -> None:
    """Send audio and its end."""
    await socket.send_json({"type": APPEND, "audio": base64.b64encode(pcm).decode()})
    await socket.send_json({"type": COMMIT})


async def check(socket: aiohttp.ClientWebSocketResponse) -> None:
    """That a session is well: it hears something."""
    await say(socket, KITCHEN)
    while (message := await receive(socket))["type"] != COMPLETED:
        assert message["type"] != "error", message
    assert message["transcript"] == KITCHEN_TEXT


@asynccontextmanager
async def opened(server: Server) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A bare connection, past its first event."""
    async with server.browser.ws_connect(URL) as socket:
        assert (await receive(socket))["type"] == "session.created"
        yield socket


@pytest.mark.parametrize(
    ("wrong", "code", "param"),
    [
        ("{", "invalid-request", None),
        ("7", "invalid-request", None),
        ("{}", "invalid-request", "type"),
        ({"type": []}, "invalid-request", "type"),
        ({"type": "input_audio_buffer.begin"}, "invalid-request", "type"),
        ({"type": "response.create"}, "not-supported", "type"),
        ({"type": "conversation.item.create"}, "not-supported", "type"),
        ({"type": APPEND}, "invalid-request", "audio"),
        ({"type": APPEND, "audio": 5}, "invalid-request", "audio"),
        ({"type": APPEND, "audio": "no base64!"}, "audio-invalid", "audio"),
        ({"type": APPEND, "audio": "Zm9vYg="}, "audio-invalid", "audio"),
        ({"type": APPEND, "audio": "\N{SNOWMAN}"}, "audio-invalid", "audio"),
        ({"type": COMMIT}, "invalid-request", None),
        ({"type": "session.update"}, "invalid-request", "session"),
        ({"type": "session.update", "session": []}, "invalid-request", "session"),
        ({"type": "session.update", "session": {"type": "realtime"}}, "invalid-request",
         "session.type"),
        ({"type": "session.update", "session": {"audio": {"input": {"format": {
            "type": "audio/pcmu"}}}}}, "invalid-request", "session.audio.input.format.type"),
        ({"type": "session.update", "session": {"audio": {"input": {"format": {
            "rate": 16000}}}}}, "invalid-request", "session.audio.input.format.rate"),
        ({"type": "session.update", "session": {"audio": {"input": {"transcription": {
            "language": "xx"}}}}}, "unsupported-language", None),
        ({"type": "session.update", "session": {"audio": {"input": {"transcription": {
            "model": "gpt-9"}}}}}, "unknown-model", "model"),
        ({"type": "session.update", "session": {"audio": {"input": {"turn_detection": {
            "type": "server_vad", "silence_duration_ms": "500"}}}}}, "invalid-request",
         "session.audio.input.turn_detection.server_vad.silence_duration_ms"),
        ({"type": "session.update", "session": {"audio": {"input": {"turn_detection": {
            "type": "ear"}}}}}, "invalid-request", "session.audio.input.turn_detection"),
        ({"type": "session.update", "session": {"include": ["all"]}}, "invalid-request",
         "session.include.0"),
    ],
)  # fmt: skip
async def test_a_wrong_event_is_told_and_changes_nothing(
    demo: ServiceMaker, wrong: Any, code: str, param: str | None
) -> None:
    async with serving(demo) as server, opened(server) as socket:
        if isinstance(wrong, dict):
            await socket.send_json({**wrong, "event_id": "mine"})
        else:
            await socket.send_str(wrong)
        told = await receive(socket)
        assert told["type"] == "error" and told["event_id"]
        assert (told["error"]["code"], told["error"]["param"]) == (code, param)
        assert told["error"]["event_id"] == ("mine" if isinstance(wrong, dict) else None)
        await check(socket)


async def test_a_long_event_does_not_hold_the_others(demo: ServiceMaker) -> None:
    many = "".join(f'"{i:x}":1,' for i in range(80_000))
    async with serving(demo) as server, opened(server) as socket, opened(server) as neighbor:
        async with watched_loop() as watch:
            await socket.send_str(f'{{{many}"type":"{COMMIT}"}}')
            assert "131072" in (await receive(socket))["error"]["message"]
        assert watch.longest_seconds < 0.05
        await socket.send_str(json.dumps({"type": APPEND, "audio": "A" * (2 << 20)}))
        message = await socket.receive(timeout=READ_SECONDS)
        while message.type == aiohttp.WSMsgType.TEXT:
            message = await socket.receive(timeout=READ_SECONDS)
        assert socket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
        await check(neighbor)


@pytest.mark.parametrize(
    ("query", "code"),
    [("", "not-supported"), ("?intent=chat", "not-supported"),
     ("?intent=transcription&model=gpt-9", "unknown-model")],
)  # fmt: skip
async def test_other_sessions_are_refused_before_they_open(
    demo: ServiceMaker, query: str, code: str
) -> None:
    async with serving(demo) as server, server.browser.get(f"/v1/realtime{query}") as answer:
        assert answer.status in (400, 404)
        assert (await answer.json())["error"]["code"] == code


async def test_the_key_is_the_token(demo: ServiceMaker, tmp_path: Path) -> None:
    token = "a-token-of-this-test"
    (tmp_path / "tokens").write_text(token)
    async with serving(demo, "--http-token-file", str(tmp_path / "tokens"), token=token) as server:
        async with connected(server, token) as connection:
            assert (await read(connection)).type == "session.created"
        with pytest.raises(websockets.InvalidStatus, match="401"):
            async with connected(server, "another-token-altogether"):
                pass


async def test_sessions_and_silence_are_limited(demo: ServiceMaker) -> None:
    async with serving(demo, "--http-sessions", "1") as server, opened(server) as first:
        async with server.browser.ws_connect(URL) as second:
            assert (await receive(second))["error"]["code"] == "max-sessions-reached"
        await check(first)
    async with serving(demo, "--idle-seconds", "0.3") as server, opened(server) as idle:
        assert (await receive(idle))["error"]["code"] == "request-timeout"


async def test_what_cannot_be_recognized_now_fails_alone(
    demo: ServiceMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def recognize(*_: object, **__: object) -> Recognition:
        raise QueueFull("the queue is full")

    async with serving(demo) as server, opened(server) as socket:
        with monkeypatch.context() as busy:
            busy.setattr(server.service.pipelines[0], "recognize", recognize)
            await say(socket, KITCHEN)
            events = [await receive(socket)]
            while not events[-1]["type"].endswith(".failed"):
                events.append(await receive(socket))
        assert events[-1]["error"]["code"] == "queue-full"
        [committed] = [one for one in events if one["type"].endswith(".committed")]
        assert committed["item_id"] == events[-1]["item_id"]
        await check(socket)


async def test_a_cut_connection_ends_its_session(demo: ServiceMaker) -> None:
    async with serving(demo) as server:
        async with opened(server) as socket:
            await socket.send_json({"type": APPEND, "audio": base64.b64encode(BEDROOM).decode()})
            while (await receive(socket))["type"] != "input_audio_buffer.speech_started":
                pass
        metrics = server.service.metrics
        name, labels = "wyoming_requests_total", {"outcome": "abandoned"}
        await until(lambda: (metrics.get_sample_value(name, labels) or 0) == 1)


async def test_the_program_in_the_docs_runs(demo: ServiceMaker) -> None:
    (program,) = examples(ROOT / "docs/openai-realtime.md", "python")
    async with serving(demo) as server:
        port = server.service.settings.http_port
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program.replace(":8080", f":{port}"), cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        printed, _ = await process.communicate()
    assert f"{COMPLETED} {KITCHEN_TEXT}" in printed.decode()
