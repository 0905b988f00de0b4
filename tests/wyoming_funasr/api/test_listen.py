"""`/v1/listen` through a real server on a real socket, with the demo model."""

import asyncio
import sys
from functools import partial
from itertools import pairwise
from typing import Any

import aiohttp
import pytest
from jsonschema import Draft202012Validator

from tests.support.event_loop import watched_loop
from tests.support.examples import ROOT, examples
from tests.support.raw_websocket import frame, handshake, send_until_dropped, unread
from tests.support.speech import DATA, noise, read_pcm
from tests.support.waiting import until
from tests.wyoming_funasr.api.listener import Listener, serving
from tests.wyoming_funasr.conftest import ServiceMaker
from wyoming_serving.audio import encode_pcm16

KITCHEN = read_pcm(DATA / "kitchen_light_off_en.wav")
BEDROOM = read_pcm(DATA / "bedroom_light_off_zh.wav")
QUIET = encode_pcm16(noise(1.0, 0.0005))


@pytest.fixture
def demo(make_service: ServiceMaker) -> ServiceMaker:
    return partial(make_service, "--model-dir", "demo")


def requests(service: Any, outcome: str) -> float:
    """Utterances that ended so, as `/metrics` counts them."""
    return service.metrics.get_sample_value("wyoming_requests_total", {"outcome": outcome}) or 0


async def check(listener: Listener) -> None:
    """That a session is well: it hears something."""
    await listener.audio(KITCHEN)
    await listener.say("flush")
    assert "light" in (await listener.final())["text"].lower()


async def test_one_session_hears_many_utterances(demo: ServiceMaker) -> None:
    async with serving(demo) as server, server.connect() as listener:
        ready = await listener.start(partials=True)
        assert ready["silence_ms"] == 500 and "zh-TW" in ready["languages"]
        await listener.audio(KITCHEN + QUIET + BEDROOM + QUIET)
        await listener.say("close")
        first, second = await listener.read_until("final"), await listener.read_until("final")
        assert await listener.ended() == aiohttp.WSCloseCode.OK
        assert requests(server.service, "answered") == 2
    for number, messages in enumerate((first, second), start=1):
        kinds = [message["type"] for message in messages]
        assert kinds[0] == "speech_started" and kinds[-2:] == ["speech_ended", "final"]
        assert {message["utterance"] for message in messages} == {number}
    assert "light" in first[-1]["text"].lower() and "灯" in second[-1]["text"]
    assert (first[-1]["language"], second[-1]["language"]) == ("en", "zh")
    assert max(second[-1]["language_scores"], key=second[-1]["language_scores"].get) == "zh"
    assert second[-1]["ended_by"] == "silence" and second[-1]["words"]
    assert second[-1]["words"][0]["start_ms"] > len(KITCHEN) // 32


async def test_the_preflight_comes_before_the_final_and_says_the_same(demo: ServiceMaker) -> None:
    async with serving(demo) as server, server.connect() as listener:
        await listener.start(endpointing=False, partials=False)
        await listener.audio(KITCHEN + QUIET)
        preflight = (await listener.read_until("preflight"))[-1]
        await listener.say("flush")
        final = await listener.final()
    assert preflight["text"] == final["text"] != ""
    assert preflight["words"] == final["words"]
    assert final["ended_by"] == "flush"


async def test_a_flush_is_answered_without_waiting_for_silence(demo: ServiceMaker) -> None:
    async with serving(demo) as server, server.connect() as listener:
        await listener.start()
        await listener.audio(KITCHEN)  # and nothing more comes
        await listener.say("flush")
        spoken = await listener.final()
        await listener.say("flush")
        silent = await listener.final()
    assert spoken["text"] and spoken["ended_by"] == "flush"
    assert spoken["audio_ms"] == len(KITCHEN) // 32
    assert (silent["text"], silent["utterance"]) == ("", 2)


async def test_a_cancelled_utterance_says_nothing_more(demo: ServiceMaker) -> None:
    async with serving(demo) as server, server.connect() as listener:
        await listener.start()
        await listener.audio(BEDROOM)
        await listener.read_until("speech_started")
        await listener.say("cancel")
        cancelled = (await listener.read_until("cancelled"))[-1]
        await listener.audio(KITCHEN + QUIET)
        messages = await listener.read_until("final")
        assert cancelled["utterance"] == 1
        assert {message["utterance"] for message in messages} == {2}
        assert "light" in messages[-1]["text"].lower()
        await until(lambda: requests(server.service, "abandoned") == 1)


async def test_partials_grow_and_can_be_turned_off(demo: ServiceMaker) -> None:
    async with serving(demo) as server, server.connect() as listener:
        await listener.start(language="en")
        for at in range(0, len(KITCHEN), 9_600):
            await listener.audio(KITCHEN[at : at + 9_600])
            await until(lambda: server.service.pipelines[0].recognitions.depth == 0)
            await asyncio.sleep(0.05)
        await listener.audio(QUIET)
        messages = await listener.read_until("final")
        await listener.say("configure", partials=False)
        await listener.audio(KITCHEN + QUIET)
        without = await listener.read_until("final")
    stable = [message["stable"] for message in messages if message["type"] == "partial"]
    assert stable and all(b.startswith(a) for a, b in pairwise(stable))
    assert "partial" not in {message["type"] for message in without}


async def test_what_is_listened_for_changes_in_a_session(demo: ServiceMaker) -> None:
    async with serving(demo) as server, server.connect() as listener:
        await listener.start()
        await listener.audio(BEDROOM + QUIET)
        assert "灯" in (await listener.final())["text"]
        await listener.say("configure", language="zh-TW")
        await listener.audio(BEDROOM + QUIET)
        assert "燈" in (await listener.final())["text"]
        await listener.say("configure", endpointing=False)
        await listener.audio(BEDROOM + QUIET + QUIET)
        await listener.say("flush")
        final = await listener.final()
        assert "燈" in final["text"] and final["ended_by"] == "flush"
        await listener.say("configure", endpointing={"silence_ms": 2000}, language=None)
        await listener.audio(BEDROOM + QUIET + BEDROOM)
        await listener.say("flush")
        assert (await listener.final())["text"].count("灯") == 2


async def test_rates_and_channels_are_converted(demo: ServiceMaker) -> None:
    samples = memoryview(KITCHEN).cast("h")
    stereo = b"".join(int(sample).to_bytes(2, "little", signed=True) * 4 for sample in samples)
    async with serving(demo) as server, server.connect() as listener:
        await listener.start(audio={"encoding": "pcm_s16le", "rate": 32_000, "channels": 2})
        await listener.audio(stereo, 10_001)
        await listener.say("flush")
        assert "light" in (await listener.final())["text"].lower()


@pytest.mark.parametrize(
    ("message", "code", "param"),
    [
        ({"type": "begin"}, "invalid-request", "type"),
        ({"no": "type"}, "invalid-request", "type"),
        ({"type": 7}, "invalid-request", "type"),
        ({"type": "start", "language": 5}, "invalid-request", "language"),
        ({"type": "start", "language": "x" * 41}, "invalid-request", "language"),
        ({"type": "start", "names": "light"}, "invalid-request", "names"),
        ({"type": "start", "names": [1]}, "invalid-request", "names.0"),
        ({"type": "start", "names": ["x" * 201]}, "invalid-request", "names.0"),
        ({"type": "start", "endpointing": 1}, "invalid-request", "endpointing"),
        ({"type": "start", "endpointing": {"silence_ms": 1}}, "invalid-request",
         "endpointing.silence_ms"),
        ({"type": "start", "endpointing": {"silence_ms": True}}, "invalid-request",
         "endpointing.silence_ms"),
        ({"type": "start", "partials": "yes"}, "invalid-request", "partials"),
        ({"type": "start", "audio": []}, "invalid-request", "audio"),
        ({"type": "start", "audio": {"rate": 96_000}}, "invalid-request", "audio.rate"),
        ({"type": "start", "audio": {"channels": 0}}, "invalid-request", "audio.channels"),
        ({"type": "start", "audio": {"encoding": "mp3"}}, "unsupported-encoding",
         "audio.encoding"),
        ({"type": "start", "more": 1}, "invalid-request", "more"),
        ({"type": "flush", "now": True}, "invalid-request", "now"),
        ({"type": "cancel", "utterance": 1}, "invalid-request", "utterance"),
        ({"type": "close", "x": None}, "invalid-request", "x"),
        ({"type": "configure", "audio": {}}, "invalid-request", "audio"),
    ],
)  # fmt: skip
async def test_a_wrong_message_is_told_and_changes_nothing(
    demo: ServiceMaker, message: dict[str, Any], code: str, param: str
) -> None:
    async with serving(demo) as server, server.connect() as listener:
        await listener.say_wrong(message)
        told = await listener.error()
        assert (told[0], told[2]) == (code, param)
        await listener.start()
        await listener.say_wrong(message)
        told = await listener.error()
        assert (told[0], told[2]) == (code, param)
        await check(listener)


async def test_what_the_schema_cannot_say_is_told_too(demo: ServiceMaker) -> None:
    async with serving(demo) as server, server.connect() as listener:
        await listener.say("flush")
        assert (await listener.error())[0] == "invalid-request"
        await listener.say("start", language="xx")
        assert (await listener.error())[0] == "unsupported-language"
        await listener.socket.send_str('{"type": "start", "language": "\\ud800"}')
        assert (await listener.error())[0] == "invalid-request"
        await listener.socket.send_str("[" * 100_000)
        assert (await listener.error())[0] == "invalid-request"
        await listener.start()
        await listener.say("start")
        assert (await listener.error())[0] == "invalid-request"
        await check(listener)


async def test_a_long_text_is_refused_before_it_is_read(demo: ServiceMaker) -> None:
    wrong = "".join(f'"{i:x}":1,' for i in range(80_000))
    async with serving(demo) as server, server.connect() as listener:
        await listener.start()
        async with watched_loop() as watch:
            await listener.socket.send_str(f'{{{wrong}"type":"flush"}}')
            assert "131072 characters" in (await listener.error())[1]
        assert watch.longest_seconds < 0.05
        await check(listener)


async def test_audio_before_the_start_ends_the_socket(demo: ServiceMaker) -> None:
    async with serving(demo) as server, server.connect() as listener:
        await listener.audio(KITCHEN[:100])
        assert (await listener.error())[0] == "invalid-request"
        assert await listener.ended() == aiohttp.WSCloseCode.POLICY_VIOLATION


async def test_a_giant_message_ends_its_socket_alone(demo: ServiceMaker) -> None:
    async with serving(demo) as server, server.connect() as neighbour:
        await neighbour.start()
        for giant in (bytes(2 << 20), '{"type": "start", "names": ["' + "x" * (2 << 20)):
            async with server.connect() as listener:
                await listener.start()
                if isinstance(giant, str):
                    await listener.socket.send_str(giant)
                else:
                    await listener.socket.send_bytes(giant)
                assert await listener.ended() == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
        await check(neighbour)


async def test_a_cut_connection_leaves_no_session(demo: ServiceMaker) -> None:
    async with serving(demo, "--http-sessions", "1") as server:
        connector = aiohttp.TCPConnector()
        async with aiohttp.ClientSession(connector=connector) as browser:
            url = f"http://127.0.0.1:{server.service.settings.http_port}/v1/listen"
            listener = Listener(await browser.ws_connect(url), server.schema)
            await listener.start()
            await listener.audio(KITCHEN)
            await listener.read_until("speech_started")
            await connector.close()  # without a goodbye
        await until(lambda: requests(server.service, "abandoned") == 1)
        async with server.connect() as after:
            await after.start()
            await check(after)


async def test_sessions_are_limited_and_the_next_one_is_told(demo: ServiceMaker) -> None:
    async with serving(demo, "--http-sessions", "1") as server:
        async with server.connect() as first:
            await first.start()
            async with server.connect() as second:
                assert (await second.error())[0] == "max-sessions-reached"
                assert await second.ended() == aiohttp.WSCloseCode.TRY_AGAIN_LATER
            await check(first)
            await first.say("close")
            await first.ended()
        async with server.connect() as third:
            await third.start()
            await check(third)


async def test_an_idle_session_and_a_long_one_end(demo: ServiceMaker) -> None:
    async with serving(demo, "--idle-seconds", "0.3") as server, server.connect() as listener:
        await listener.start()
        assert (await listener.error())[0] == "request-timeout"
        await listener.ended()
    async with serving(demo, "--max-listen-seconds", "0.3") as server:
        async with server.connect() as listener:
            await listener.start()
            code, text, _ = await listener.error()
            assert code == "request-timeout" and "0.3 s" in text
            await listener.ended()


async def test_a_client_that_reads_nothing_is_dropped_and_holds_little(
    demo: ServiceMaker,
) -> None:
    async with serving(demo, "--send-seconds", "0.3") as server, server.connect() as neighbour:
        await neighbour.start()
        port = server.service.settings.http_port
        async with unread(port, handshake("/v1/listen")) as slow:
            # each message behind the first is answered with an error
            await send_until_dropped(slow, frame(b'{"type": "start"}') + frame(b"{}") * 1000)
        await check(neighbour)


async def test_two_hundred_sessions_are_served(demo: ServiceMaker) -> None:
    patient = (
        "--http-sessions",
        "256",
        "--max-queue",
        "300",
        "--max-wait-seconds",
        "3600",
    )  # however busy the machine is
    async with serving(demo, "--http-connections", "256", *patient) as server:

        async def one() -> str:
            async with server.connect() as listener:
                await listener.start(partials=False)
                await listener.audio(KITCHEN[:32_000], 32_000)
                await listener.say("flush")
                text: str = (await listener.final())["text"]
                return text

        texts = await asyncio.gather(*(one() for _ in range(200)))
    assert len(set(texts)) == 1 and texts[0]


async def test_a_session_between_utterances_ends_with_the_service(demo: ServiceMaker) -> None:
    async with serving(demo) as server:
        listener = await server.open()
        await listener.start()
        await check(listener)
        ends = asyncio.create_task(listener.ended())
    assert await ends == aiohttp.WSCloseCode.GOING_AWAY


async def test_the_schema_is_one_itself(demo: ServiceMaker) -> None:
    async with serving(demo) as server:
        Draft202012Validator.check_schema(server.schema)
        assert {"ClientMessage", "ServerMessage", "Final"} <= server.schema["$defs"].keys()


async def test_the_program_in_the_docs_runs(demo: ServiceMaker) -> None:
    (program,) = examples(ROOT / "docs/listen-websocket.md", "python")
    async with serving(demo) as server:
        port = server.service.settings.http_port
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program.replace(":8080", f":{port}"), cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        printed, _ = await process.communicate()
    for line in ("'type': 'ready'", "'type': 'speech_started'", "Turn off the kitchen light."):
        assert line in printed.decode()
