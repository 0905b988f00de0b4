"""The `openai` package, and hostile clients, against a running server."""

import asyncio
import io
import json
import logging
import re
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import numpy as np
import openai
import psutil
import pytest
from openai.types.audio import TranscriptionTextDoneEvent

from tests.support.event_loop import watched_loop
from tests.support.http import free_port
from tests.support.speech import DATA, RATE_HZ, noise, read_pcm
from tests.support.waiting import until
from tests.wyoming_funasr.conftest import ServiceMaker
from wyoming_funasr.service import FunasrService
from wyoming_serving.service import running

ENGLISH = DATA / "attic_light_en.wav"
TEXT = "Turn off the light in the attic."
CHINESE = DATA / "bedroom_light_off_zh.wav"
CHINESE_TEXT = "把卧室的灯关掉。"
TRANSCRIBE = "/v1/audio/transcriptions"


def wav(samples: np.ndarray) -> bytes:
    """A WAV file of float samples."""
    file = io.BytesIO()
    with wave.open(file, "wb") as output:
        output.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        output.writeframes((samples * 32767).astype("<i2").tobytes())
    return file.getvalue()


def conversation() -> np.ndarray:
    """Two sentences, in English and Chinese, three seconds apart."""
    spoken = [np.frombuffer(read_pcm(file), "<i2") / 32768 for file in (ENGLISH, CHINESE)]
    return np.concatenate(
        [noise(1, 0.0005), spoken[0], noise(3, 0.0005), spoken[1], noise(1, 0.0005)]
    )


@asynccontextmanager
async def server(
    make_service: ServiceMaker, *words: str
) -> AsyncIterator[tuple[FunasrService, str]]:
    port = free_port()
    service = make_service("--model-dir", "demo", "--http-port", str(port), *words)
    async with running(service):
        yield service, f"http://127.0.0.1:{port}"


@asynccontextmanager
async def client_of(url: str, key: str = "none-needed") -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as client:
        yield client


async def test_the_formats_of_an_answer(make_service: ServiceMaker) -> None:
    async with server(make_service) as (_, url), client_of(url) as client:
        ask = client.audio.transcriptions.create
        as_json = await ask(file=ENGLISH, model="demo")
        assert as_json.text == TEXT
        as_text = await ask(file=ENGLISH, model="demo", response_format="text")
        assert as_text == f"{TEXT}\n"
        verbose = await ask(
            file=ENGLISH,
            model="whisper-1",
            response_format="verbose_json",
            timestamp_granularities=["word", "segment"],
        )
        assert (verbose.text, verbose.language) == (TEXT, "en")
        assert verbose.duration == pytest.approx(len(read_pcm(ENGLISH)) / 2 / RATE_HZ, abs=0.01)
        assert verbose.segments and verbose.words
        [segment] = verbose.segments
        assert segment.text == TEXT
        assert 0 <= segment.start < segment.end <= verbose.duration
        assert verbose.words[0].word.lower().startswith("turn")
        assert all(0 <= word.start <= word.end <= verbose.duration for word in verbose.words)


async def test_several_sentences_have_their_times(make_service: ServiceMaker) -> None:
    recording = ("talk.wav", wav(conversation()))
    async with server(make_service) as (_, url), client_of(url) as client:
        ask = client.audio.transcriptions.create
        verbose = await ask(file=recording, model="demo", response_format="verbose_json")
        assert verbose.segments is not None and verbose.words is None
        assert [one.text for one in verbose.segments] == [TEXT, CHINESE_TEXT]
        assert verbose.segments[1].start > verbose.segments[0].end + 2
        assert verbose.text == f"{TEXT} {CHINESE_TEXT}"
        time = r"\d\d:\d\d:\d\d[,.]\d{3}"
        srt = await ask(file=recording, model="demo", response_format="srt")
        assert re.fullmatch(
            rf"1\n{time} --> {time}\n{re.escape(TEXT)}\n\n2\n{time} --> {time}\n{CHINESE_TEXT}\n\n",
            str(srt),
        )
        vtt = await ask(file=recording, model="demo", response_format="vtt")
        assert str(vtt).startswith("WEBVTT\n\n00:00:0")
        assert CHINESE_TEXT in str(vtt)


async def test_a_stream_brings_the_text_as_it_is_recognized(make_service: ServiceMaker) -> None:
    recording = ("talk.wav", wav(conversation()))
    async with server(make_service) as (_, url), client_of(url) as client:
        stream = await client.audio.transcriptions.create(
            file=recording, model="demo", response_format="json", stream=True
        )
        events = [event async for event in stream]
    before, last = events[:-1], events[-1]
    deltas = [event.delta for event in before if event.type == "transcript.text.delta"]
    assert isinstance(last, TranscriptionTextDoneEvent)
    assert len(deltas) == len(before) == 2
    assert last.text == "".join(deltas) == f"{TEXT} {CHINESE_TEXT}"


async def test_a_stream_of_silence_is_done_at_once(make_service: ServiceMaker) -> None:
    async with server(make_service) as (_, url), client_of(url) as client:
        stream = await client.audio.transcriptions.create(
            file=("quiet.wav", wav(noise(2, 0.0005))), model="demo", stream=True
        )
        [event] = [event async for event in stream]
    assert isinstance(event, TranscriptionTextDoneEvent)
    assert event.text == ""


async def test_language_names_and_what_changes_nothing(make_service: ServiceMaker) -> None:
    async with server(make_service) as (_, url), client_of(url) as client:
        heard = await client.audio.transcriptions.create(
            file=CHINESE,
            model="demo",
            language="zh-TW",
            prompt="Zephyr room, 玄關",
            temperature=0.3,
            response_format="verbose_json",
        )
        assert heard.text == "把臥室的燈關掉。"


async def test_the_models_are_listed(make_service: ServiceMaker) -> None:
    async with server(make_service) as (_, url), client_of(url) as client:
        assert [model.id async for model in client.models.list()] == ["demo"]
        assert (await client.models.retrieve("demo")).id == "demo"
        with pytest.raises(openai.NotFoundError, match="'gpt-9'; allowed: demo"):
            await client.models.retrieve("gpt-9")


async def test_nothing_is_kept_of_headers_that_make_no_sense(
    make_service: ServiceMaker, recwarn: pytest.WarningsRecorder
) -> None:
    """Python keeps the text of each warning that it has shown."""
    async with server(make_service) as (_, url), aiohttp.ClientSession() as browser:
        for header in (b"form-\xffdata; x=1", b"form-data; name=file; x*=y"):
            body = b"--x\r\nContent-Disposition: " + header + b"\r\n\r\n\r\n--x--\r\n"
            headers = {"Content-Type": "multipart/form-data; boundary=x"}
            async with browser.post(url + TRANSCRIBE, data=body, headers=headers) as answer:
                assert answer.status == 400
    assert [one for one in recwarn if "ContentDisposition" in one.category.__name__] == []


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
async def test_translation_is_refused_in_so_many_words(make_service: ServiceMaker) -> None:
    async with server(make_service) as (_, url), client_of(url) as client:
        with pytest.raises(openai.BadRequestError, match="do not translate"):
            await client.audio.translations.create(file=ENGLISH, model="demo")


async def test_a_token_is_asked_for(make_service: ServiceMaker, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("0123456789abcdef\n")
    async with server(make_service, "--http-token-file", str(tokens)) as (_, url):
        async with client_of(url, "0123456789abcdef") as client:
            assert (await client.audio.transcriptions.create(file=ENGLISH, model="demo")).text
        async with client_of(url, "another-long-token") as client:
            with pytest.raises(openai.AuthenticationError):
                await client.audio.transcriptions.create(file=ENGLISH, model="demo")


FILE = {"file": wav(noise(0.3))}


@pytest.mark.parametrize(
    ("fields", "status", "code", "param"),
    [
        ({}, 400, "invalid-request", "file"),
        ({"file": b""}, 400, "audio-invalid", None),
        ({"file": b"words, not audio"}, 400, "audio-invalid", None),
        ({"model": "gpt-9"} | FILE, 404, "unknown-model", "model"),
        ({"model": ""} | FILE, 400, "invalid-request", "model"),
        ({"language": "tlh"} | FILE, 400, "unsupported-language", "language"),
        ({"languages[]": "tlh"} | FILE, 400, "unsupported-language", "languages"),
        ({"response_format": "docx"} | FILE, 400, "invalid-request", "response_format"),
        ({"temperature": "hot"} | FILE, 400, "invalid-request", "temperature"),
        ({"temperature": "nan"} | FILE, 400, "invalid-request", "temperature"),
        ({"stream": "perhaps"} | FILE, 400, "invalid-request", "stream"),
        ({"stream": "true", "response_format": "srt"} | FILE, 400, "invalid-request", "stream"),
        (
            {"timestamp_granularities[]": "word"} | FILE,
            400,
            "invalid-request",
            "timestamp_granularities",
        ),
        ({"prompt": "x" * 20_000} | FILE, 413, "body-too-large", "prompt"),
        ({"prompt": b"\xff\xfe"} | FILE, 400, "invalid-request", "prompt"),
    ],
)
async def test_a_wrong_field_is_named(
    make_service: ServiceMaker,
    fields: dict[str, str | bytes],
    status: int,
    code: str,
    param: str | None,
) -> None:
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in ({"model": "demo"} | fields).items():
        content = io.BytesIO(value) if isinstance(value, bytes) else value
        form.add_field(name, content, filename="a.wav" if name == "file" else None)
    async with server(make_service) as (_, url), aiohttp.ClientSession(url) as client:
        async with client.post(TRANSCRIBE, data=form) as answer:
            error = (await answer.json())["error"]
            assert (answer.status, error["code"], error["param"]) == (status, code, param), error


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (None, b"--x\r\n"),
        ("application/json", b'{"model": "demo"}'),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b"nothing of the kind"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nno name\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Dispos\x02tion: a\r\n\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nA: " + b"a" * 9_000 + b"\r\n\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\ncut off',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 300,
        ),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n"
            b"--y\r\n\r\nz\r\n--y--\r\n--x--",
        ),
    ],
)
async def test_a_broken_form_is_refused(
    make_service: ServiceMaker, content_type: str | None, body: bytes
) -> None:
    unsaid = ["Content-Type"] if content_type is None else None
    async with (
        server(make_service) as (_, url),
        aiohttp.ClientSession(url, skip_auto_headers=unsaid) as client,
    ):
        headers = {"Content-Type": content_type} if content_type else {}
        async with client.post(TRANSCRIBE, data=body, headers=headers) as answer:
            error = (await answer.json())["error"]
            assert (answer.status, error["code"]) == (400, "invalid-request"), error


async def test_a_giant_upload_is_refused_and_costs_no_memory(make_service: ServiceMaker) -> None:
    async def giant() -> AsyncIterator[bytes]:
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        yield head
        for _ in range(3000):
            yield bytes(1 << 16)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    async with server(make_service, "--http-max-upload-bytes", str(4 << 20)) as (_, url):
        async with aiohttp.ClientSession(url) as client:
            before = psutil.Process().memory_info().rss
            async with client.post(TRANSCRIBE, data=giant(), headers=headers) as answer:
                assert answer.status == 413
            with_length = headers | {"Content-Length": str(1 << 40)}
            async with client.post(TRANSCRIBE, headers=with_length) as answer:
                assert answer.status == 413
            assert psutil.Process().memory_info().rss - before < 64 << 20


async def test_an_upload_that_is_cut_off_or_stalls_holds_nothing(
    make_service: ServiceMaker,
) -> None:
    head = (
        b"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
        b'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    )
    words = ("--http-max-uploads", "1", "--http-silent-seconds", "0.5")
    async with server(make_service, *words) as (_, url), client_of(url) as client:
        port = int(url.rpartition(":")[2])
        for leaves in (True, False):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head + bytes(5000))
            await writer.drain()
            if leaves:
                writer.transport.abort()
            else:
                async with asyncio.timeout(20):
                    assert b" 408 " in await reader.readline()
                writer.transport.abort()
        assert (await client.audio.transcriptions.create(file=ENGLISH, model="demo")).text == TEXT


async def test_uploads_wait_for_their_turn_and_not_for_ever(make_service: ServiceMaker) -> None:
    words = ("--http-max-uploads", "1", "--max-wait-seconds", "0.2")
    async with server(make_service, *words) as (_, url), client_of(url) as client:
        port = int(url.rpartition(":")[2])
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        )
        await asyncio.sleep(0.1)
        with pytest.raises(openai.InternalServerError, match="are being recognized") as refused:
            await client.audio.transcriptions.create(file=ENGLISH, model="demo")
        assert (refused.value.status_code, refused.value.code) == (503, "queue-full")
        writer.transport.abort()
        await until_answered(client)


async def until_answered(client: openai.AsyncOpenAI) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                await client.audio.transcriptions.create(file=ENGLISH, model="demo")
            except openai.InternalServerError:
                continue
            return


async def test_a_long_recording_neither_holds_the_loop_nor_short_ones(
    make_service: ServiceMaker,
) -> None:
    long = ("long.wav", wav(np.tile(conversation(), 15)))
    async with server(make_service) as (_, url), client_of(url) as client:
        ask = client.audio.transcriptions.create
        await ask(file=ENGLISH, model="demo")
        async with watched_loop() as watch:
            whole = asyncio.create_task(
                ask(file=long, model="demo", response_format="verbose_json")
            )
            short = await ask(file=ENGLISH, model="demo")
            assert short.text == TEXT
            assert not whole.done()
            heard = await whole
        assert heard.segments is not None
        assert [one.text.startswith("Turn") for one in heard.segments] == [True, False] * 15
        assert watch.longest_seconds < 0.05


async def test_a_client_that_leaves_frees_its_place(
    make_service: ServiceMaker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    long = ("long.wav", wav(np.tile(conversation(), 15)))
    async with server(make_service, "--http-max-uploads", "1") as (service, url):
        async with client_of(url) as client:
            ask = client.audio.transcriptions.create
            leaving = asyncio.create_task(ask(file=long, model="demo"))
            await until(lambda: service.pipelines[0].recognitions.stats.batches > 0)
            leaving.cancel()
            assert (await ask(file=ENGLISH, model="demo")).text == TEXT
    assert "outcome=abandoned" in caplog.text
    assert "failed" not in caplog.text


async def test_the_stream_of_a_file_that_breaks_off_ends_with_an_error(
    make_service: ServiceMaker,
) -> None:
    form = aiohttp.FormData({"model": "demo", "stream": "true"})
    form.add_field("file", b"no audio", filename="a.wav")
    async with server(make_service) as (_, url), aiohttp.ClientSession(url) as client:
        async with client.post(TRANSCRIBE, data=form) as answer:
            assert answer.status == 400
            assert json.loads(await answer.text())["error"]["code"] == "audio-invalid"
