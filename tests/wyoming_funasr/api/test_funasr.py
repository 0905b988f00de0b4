"""FunASR's clients against a running server, with the demo model."""

import asyncio
import json
from functools import partial
from pathlib import Path

import aiohttp
import numpy as np
import pytest
import soundfile
import websockets

from tests.support.speech import DATA, noise, read_pcm
from tests.support.waiting import until
from tests.wyoming_funasr.api.funasr_client import PythonClient, page, python_client, with_times
from tests.wyoming_funasr.api.listener import Server, serving
from tests.wyoming_funasr.conftest import ServiceMaker
from wyoming_funasr.recognition.types import Recognition
from wyoming_serving.audio import encode_pcm16
from wyoming_serving.errors import QueueFull

KITCHEN = read_pcm(DATA / "kitchen_light_off_en.wav")
BEDROOM = read_pcm(DATA / "bedroom_light_off_zh.wav")
QUIET = encode_pcm16(noise(1.0, 0.0005))
KITCHEN_TEXT = "Turn off the kitchen light."
BEDROOM_TEXT = "把卧室的灯关掉。"
BOTH = f"{KITCHEN_TEXT} {BEDROOM_TEXT}"


@pytest.fixture
def demo(make_service: ServiceMaker) -> ServiceMaker:
    return partial(make_service, "--model-dir", "demo")


async def check(client: PythonClient) -> None:
    """That a session is well: it hears something."""
    await client.begin("2pass", wav_name="check")
    await client.audio(KITCHEN)
    assert KITCHEN_TEXT in [message.get("text") for message in await client.finish()]


async def spoken(server: Server, client: PythonClient, pcm: bytes) -> None:
    """Send audio as slowly as it is recognized."""
    for at in range(0, len(pcm), 9_600):
        await client.audio(pcm[at : at + 9_600])
        await until(lambda: server.service.pipelines[0].recognitions.depth == 0)
        await asyncio.sleep(0.1)


async def test_two_passes_bring_partials_and_a_final_text_for_each_sentence(
    demo: ServiceMaker,
) -> None:
    async with serving(demo) as server, python_client(server) as client:
        assert client.socket.subprotocol == "binary"
        await client.begin("2pass")
        await spoken(server, client, KITCHEN)
        await client.audio(QUIET + BEDROOM)
        *messages, end = await client.finish()
        assert client.shown == BOTH
    assert {message["wav_name"] for message in messages} == {"demo"}
    first, second = (one for one in messages if one["mode"] == "2pass-offline")
    assert (first["text"], first["is_final"]) == (KITCHEN_TEXT, False)
    assert (second["text"].strip(), second["is_final"]) == (BEDROOM_TEXT, True)
    online = [one["text"] for one in messages if one["mode"] == "2pass-online"]
    assert online and KITCHEN_TEXT.startswith(online[0])
    assert (end["is_end"], end["is_final"]) == (True, True)
    pairs = json.loads(second["timestamp"])
    assert len(pairs) == 7 and pairs == sorted(pairs)
    assert pairs[0][0] > len(KITCHEN) // 32
    [sentence] = second["stamp_sents"]
    assert sentence["text_seg"] == "把 卧 室 的 灯 关 掉" and sentence["punc"] == "。"
    assert sentence["ts_list"] == pairs
    assert (sentence["start"], sentence["end"]) == (pairs[0][0], pairs[-1][1])


async def test_online_brings_text_of_which_nothing_is_taken_back(demo: ServiceMaker) -> None:
    async with serving(demo) as server, python_client(server) as client:
        await client.begin("online")
        await client.audio(KITCHEN + QUIET + BEDROOM)
        *messages, _ = await client.finish()
        assert client.shown == BOTH
    assert {message["mode"] for message in messages} == {"online"}
    assert [message["is_final"] for message in messages][-1]
    assert not any(message["is_final"] for message in messages[:-1])


async def test_a_streaming_model_says_online_what_it_says_in_the_end(
    make_service: ServiceMaker, tiny_paraformer_streaming: Path
) -> None:
    words = ("--model-dir", str(tiny_paraformer_streaming), "--no-use-itn", "--no-endpointing")
    async with serving(make_service, *words) as server:
        shown = []
        for mode in ("online", "2pass"):
            async with python_client(server) as client:
                await client.begin(mode)
                await spoken(server, client, KITCHEN)
                messages = await client.finish()
                assert messages[0]["mode"] == ("online" if mode == "online" else "2pass-online")
                shown.append(client.shown)
    assert shown[0] == shown[1] != ""


async def test_offline_answers_a_whole_file_once(demo: ServiceMaker) -> None:
    async with serving(demo) as server, python_client(server) as client:
        await client.begin("offline")
        await client.audio(KITCHEN + QUIET + BEDROOM)
        message, end = await client.finish()
    assert (message["mode"], message["text"], message["is_final"]) == ("offline", BOTH, True)
    assert len(json.loads(message["timestamp"])) == 5 + 7
    assert [one["punc"] for one in message["stamp_sents"]] == [".", "。"]
    assert end["is_final"] and end["is_end"]


async def test_a_client_that_asks_for_no_acknowledgement_gets_none(demo: ServiceMaker) -> None:
    async with serving(demo) as server, python_client(server) as client:
        for mode in ("offline", "2pass"):
            await client.begin(mode, wav_name=mode)
            await client.audio(KITCHEN)
            await client.tell(is_speaking=False)
            message = await client.read()
            while not message["is_final"]:
                message = await client.read()
            assert (message["text"], message["wav_name"]) == (KITCHEN_TEXT, mode)
        await check(client)


async def test_a_recording_of_nothing_has_an_empty_text(demo: ServiceMaker) -> None:
    async with serving(demo) as server, python_client(server) as client:
        for mode in ("offline", "online", "2pass"):
            await client.begin(mode)
            message, end = await client.finish()
            assert (message["text"], message["is_final"]) == ("", True)
            assert end["is_final"]


async def test_recordings_of_one_connection_count_their_times_anew(demo: ServiceMaker) -> None:
    async with serving(demo) as server, python_client(server) as client:
        begins = []
        for number in range(2):
            await client.begin("2pass", wav_name=f"wav{number}")
            await client.audio(BEDROOM)
            *_, message, end = await client.finish()
            assert message["wav_name"] == end["wav_name"] == f"wav{number}"
            assert message["text"] == BEDROOM_TEXT
            begins.append(json.loads(message["timestamp"])[0][0])
    assert begins[0] == pytest.approx(begins[1], abs=50)


async def test_a_recording_that_ends_within_a_sample_spoils_none(demo: ServiceMaker) -> None:
    async with serving(demo) as server, python_client(server) as client:
        await client.begin("2pass")
        await client.audio(KITCHEN[:-1])
        assert KITCHEN_TEXT in [message["text"] for message in await client.finish()]
        await check(client)


async def test_the_page_records(demo: ServiceMaker) -> None:
    async with serving(demo) as server, page(server) as browser:
        hotwords = json.dumps({"卧室": 20, "kitchen light": 5}, ensure_ascii=False)
        await browser.record(KITCHEN + QUIET + BEDROOM, hotwords=hotwords)
        await browser.read_to_final()
    lines = browser.shown.splitlines()
    assert [line.partition(":")[2] for line in lines] == [
        "Turn", "off", "the", "kitchen", "light", "把卧室的灯关掉",
    ]  # fmt: skip


async def test_the_page_uploads_files(demo: ServiceMaker, tmp_path: Path) -> None:
    samples = np.frombuffer(KITCHEN, "<i2")
    soundfile.write(tmp_path / "talk.flac", samples, 16_000)
    soundfile.write(tmp_path / "talk.wav", samples.repeat(3), 48_000)
    async with serving(demo) as server:
        for name, rate_hz in (("talk.flac", 16_000), ("talk.wav", 48_000)):
            async with page(server, "/funasr") as browser:
                file = (tmp_path / name).read_bytes()
                await browser.upload(file, name.partition(".")[2], rate_hz)
                await browser.read_to_final()
            assert [line.partition(":")[2] for line in browser.shown.splitlines()] == [
                "Turn", "off", "the", "kitchen", "light",
            ]  # fmt: skip


async def test_a_telephone_s_rate_and_what_is_wished_for(demo: ServiceMaker) -> None:
    at_8000 = np.frombuffer(BEDROOM, "<i2")[::2].tobytes()
    async with serving(demo) as server, python_client(server) as client:
        for mode in ("2pass", "offline"):
            await client.begin(mode, audio_fs=8_000, hotwords="卧室 客厅,厨房", svs_lang="zh-TW")
            await client.audio(at_8000, 8_000)
            *_, message, _ = await client.finish()
            assert "燈" in message["text"]


async def test_plain_requests_to_the_same_path_get_the_page(demo: ServiceMaker) -> None:
    async with serving(demo) as server:
        async with server.browser.get("/") as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
        async with server.browser.get("/funasr") as answer:
            assert answer.status == 404


async def test_the_token_counts_here_too(demo: ServiceMaker, tmp_path: Path) -> None:
    token = "a-token-of-this-test"
    (tmp_path / "tokens").write_text(token)
    async with serving(demo, "--http-token-file", str(tmp_path / "tokens"), token=token) as server:
        port = server.service.settings.http_port
        for path in ("/", "/funasr"):
            url = f"ws://127.0.0.1:{port}{path}"
            with pytest.raises(websockets.InvalidStatus, match="401"):
                await websockets.connect(url)
            headers = {"Authorization": f"Bearer {token}"}
            async with websockets.connect(url, additional_headers=headers) as socket:
                await check(PythonClient(socket))
            protocols = [websockets.Subprotocol(name) for name in ("binary", f"bearer.{token}")]
            async with websockets.connect(url, subprotocols=protocols) as socket:
                assert socket.subprotocol == "binary"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"mode": "3pass"}', "mode"),
        ('{"mode": 2}', "mode"),
        ('{"audio_fs": "16000"}', "audio_fs"),
        ('{"audio_fs": 1000}', "audio_fs"),
        ('{"is_speaking": "no"}', "is_speaking"),
        ('{"wav_name": null}', "wav_name"),
        ('{"hotwords": {"a": 1}}', "hotwords"),
        (json.dumps({"hotwords": "x" * 201}), "hotwords"),
        ('{"svs_lang": "xx"}', "xx"),
        ('{"mode": "2pass", "wav_format": "mp3"}', "wav_format"),
        ("[" * 100_000, "not JSON"),
        ('{"wav_name": 1,' + '"a": 1,' * 50_000, "131072 characters"),
    ],
)
async def test_a_wrong_message_is_told_and_changes_nothing(
    demo: ServiceMaker, wrong: str, told: str
) -> None:
    async with serving(demo) as server, python_client(server) as client:
        await client.socket.send(wrong)
        message = await client.read()
        assert told in message["error"] and message["text"] == ""
        assert not message["is_end"]
        await check(client)


async def test_the_mode_stays_within_a_recording(demo: ServiceMaker) -> None:
    async with serving(demo) as server, python_client(server) as client:
        await client.begin("offline")
        await client.audio(KITCHEN)
        await client.tell(mode="2pass")
        assert "mode" in (await client.read())["error"]
        message, _ = await client.finish()
        assert message["text"] == KITCHEN_TEXT


async def test_a_file_that_is_no_audio_fails_alone(demo: ServiceMaker) -> None:
    async with serving(demo) as server, python_client(server) as client:
        await client.begin("offline", wav_format="mp3")
        await client.audio(b"no audio" * 1000)
        message, end = await client.finish()
        assert (message["code"], message["is_final"]) == ("audio-invalid", True)
        assert (end["is_final"], end["code"]) == (False, "audio-invalid")
        await check(client)


async def test_what_cannot_be_recognized_now_is_told(
    demo: ServiceMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def recognize(*_: object, **__: object) -> Recognition:
        raise QueueFull("the queue is full")

    async with serving(demo) as server, python_client(server) as client:
        with monkeypatch.context() as busy:
            busy.setattr(server.service.pipelines[0], "recognize", recognize)
            for mode in ("2pass", "offline"):
                await client.begin(mode)
                await client.audio(KITCHEN)
                *_, message, end = await client.finish()
                assert (message["code"], message["is_final"]) == ("queue-full", True)
                assert (end["code"], end["is_final"]) == ("queue-full", False)
        await check(client)


async def test_a_file_that_is_too_long_ends_its_socket_alone(demo: ServiceMaker) -> None:
    async with (
        serving(demo, "--http-max-upload-bytes", "100000") as server,
        python_client(server) as neighbor,
        python_client(server) as client,
    ):
        await client.begin("offline")
        await client.audio(bytes(110_000))
        message = await client.read()
        assert (message["code"], message["is_end"]) == ("body-too-large", True)
        await client.socket.wait_closed()
        assert client.socket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
        await check(neighbor)


async def test_audio_before_the_first_message_ends_the_socket(demo: ServiceMaker) -> None:
    async with serving(demo) as server, python_client(server) as client:
        await client.audio(KITCHEN[:1000])
        message = await client.read()
        assert (message["code"], message["is_end"]) == ("invalid-request", True)
        await client.socket.wait_closed()
        assert client.socket.close_code == aiohttp.WSCloseCode.POLICY_VIOLATION


async def test_sessions_are_limited_together_with_those_of_other_protocols(
    demo: ServiceMaker,
) -> None:
    async with serving(demo, "--http-sessions", "1") as server:
        async with server.connect() as listener:
            await listener.start()
            async with python_client(server) as client:
                assert (await client.read())["code"] == "max-sessions-reached"
        async with python_client(server) as client:
            await check(client)


async def test_an_idle_session_ends(demo: ServiceMaker) -> None:
    async with serving(demo, "--idle-seconds", "0.3") as server:
        async with python_client(server) as client:
            await client.begin("2pass")
            assert (await client.read())["code"] == "request-timeout"


async def test_a_client_that_leaves_in_the_middle_leaves_nothing(demo: ServiceMaker) -> None:
    async with serving(demo, "--http-max-uploads", "1") as server:
        for mode in ("offline", "2pass"):
            async with python_client(server) as client:
                await client.begin(mode)
                await client.audio(KITCHEN)
        async with python_client(server) as client:
            await client.begin("offline")
            await client.audio(KITCHEN)
            assert (await client.finish())[0]["text"] == KITCHEN_TEXT


def test_the_page_would_fail_where_it_counts_more_than_there_is() -> None:
    assert with_times("你好。", "[[0,100],[100,200]]") == "0:你好\n"
    with pytest.raises(IndexError):
        with_times("你好！你。好", "[[0,100],[100,200],[200,300]]")
