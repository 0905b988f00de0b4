"""LiveKit's speech to text against a running server, with recordings of people."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from urllib.parse import urlparse

import pytest

from tests.support.http import free_port
from tests.support.relay import Relay
from tests.support.speech import DATA, noise, read_pcm
from wyoming_serving.audio import encode_pcm16

pytest.importorskip("livekit.agents", reason="livekit-agents is not installed")
wyoming = pytest.importorskip(
    "livekit.plugins.wyoming", reason="livekit-plugins-wyoming is not installed"
)

import aiohttp  # noqa: E402
from livekit import rtc  # noqa: E402
from livekit.agents import APIConnectionError, APIConnectOptions, APIError  # noqa: E402
from livekit.agents.stt import RecognizeStream, SpeechEvent, SpeechEventType  # noqa: E402

KITCHEN = read_pcm(DATA / "kitchen_light_off_en.wav")
BEDROOM = read_pcm(DATA / "bedroom_light_off_zh.wav")
QUIET = encode_pcm16(noise(1.0, 0.0005))
READ_SECONDS = 60.0
ONCE = APIConnectOptions(max_retry=0, timeout=5.0)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def frames(pcm: bytes, rate_hz: int = 16_000) -> list[rtc.AudioFrame]:
    """Audio in frames of 20 ms, as a room delivers it."""
    size = rate_hz // 50 * 2
    return [
        rtc.AudioFrame(pcm[at : at + size], rate_hz, 1, len(pcm[at : at + size]) // 2)
        for at in range(0, len(pcm), size)
    ]


def push(stream: RecognizeStream, pcm: bytes) -> None:
    for frame in frames(pcm):
        stream.push_frame(frame)


async def read_until(stream: RecognizeStream, kind: SpeechEventType) -> list[SpeechEvent]:
    events = []
    async with asyncio.timeout(READ_SECONDS):
        async for event in stream:
            events.append(event)
            if event.type is kind:
                return events
    raise AssertionError([event.type for event in events])


def kinds(events: list[SpeechEvent]) -> list[SpeechEventType]:
    return [event.type for event in events if event.type is not SpeechEventType.INTERIM_TRANSCRIPT]


def texts(events: list[SpeechEvent]) -> list[str]:
    kind = SpeechEventType.FINAL_TRANSCRIPT
    return [event.alternatives[0].text for event in events if event.type is kind]


async def test_what_a_person_says(listen_url: str, http: aiohttp.ClientSession) -> None:
    stt = wyoming.STT(base_url=listen_url, http_session=http)
    async with stt, stt.stream() as stream:
        push(stream, KITCHEN + QUIET + BEDROOM)
        stream.end_input()
        events = [event async for event in stream]
    assert texts(events)[0] == "Turn off the kitchen light." and "灯" in texts(events)[1]
    english = kinds(events)[: len(kinds(events)) // 2]
    assert english[0] is SpeechEventType.START_OF_SPEECH
    assert english[-2:] == [SpeechEventType.FINAL_TRANSCRIPT, SpeechEventType.END_OF_SPEECH]
    first, second = (
        event.alternatives[0] for event in events if event.type is SpeechEventType.FINAL_TRANSCRIPT
    )
    assert (first.language, second.language) == ("en", "zh")
    assert first.words is not None and [str(word) for word in first.words][:2] == ["Turn", "off"]
    assert all(a.start_time <= b.start_time for a, b in pairwise(first.words))
    assert 0 < first.start_time < first.end_time < len(KITCHEN) / 32_000
    assert second.start_time > first.end_time
    assert first.metadata is not None
    assert (first.metadata["emotion"], first.metadata["event"]) == ("neutral", "speech")
    usage = [event.recognition_usage for event in events if event.recognition_usage]
    assert len(usage) == 2 and usage[0].audio_duration > 1.0


async def test_the_preflight_says_what_the_final_will(
    listen_url: str, http: aiohttp.ClientSession
) -> None:
    stt = wyoming.STT(base_url=listen_url, http_session=http, silence_ms=2_000)
    async with stt, stt.stream() as stream:
        push(stream, KITCHEN + QUIET)
        preflight = (await read_until(stream, SpeechEventType.PREFLIGHT_TRANSCRIPT))[-1]
        push(stream, QUIET + QUIET)
        events = await read_until(stream, SpeechEventType.END_OF_SPEECH)
    assert texts(events) == [preflight.alternatives[0].text] != [""]


async def test_a_flush_finalizes_at_once(listen_url: str, http: aiohttp.ClientSession) -> None:
    stt = wyoming.STT(base_url=listen_url, http_session=http)
    async with stt, stt.stream() as stream:
        push(stream, KITCHEN)  # and nothing more comes
        stream.flush()
        events = await read_until(stream, SpeechEventType.END_OF_SPEECH)
        stream.flush()  # of nothing
        push(stream, BEDROOM)
        stream.flush()
        events += await read_until(stream, SpeechEventType.END_OF_SPEECH)
    assert "light" in texts(events)[0] and "灯" in texts(events)[1]


async def test_options_change_in_a_stream(listen_url: str, http: aiohttp.ClientSession) -> None:
    stt = wyoming.STT(base_url=listen_url, http_session=http, keyterms=["Aqara"])
    assert stt.capabilities.keyterms and stt.capabilities.aligned_transcript == "word"
    async with stt, stt.stream() as stream:
        push(stream, BEDROOM + QUIET)
        events = await read_until(stream, SpeechEventType.END_OF_SPEECH)
        stt.update_options(language="zh-TW", keyterms=["臥室"])
        await asyncio.sleep(0.2)  # configure goes ahead of the audio
        push(stream, BEDROOM + QUIET)
        events += await read_until(stream, SpeechEventType.END_OF_SPEECH)
    assert "灯" in texts(events)[0] and "燈" in texts(events)[1]


async def test_a_recording_at_once(listen_url: str, http: aiohttp.ClientSession) -> None:
    async with wyoming.STT(base_url=listen_url, http_session=http) as stt:
        event = await stt.recognize(frames(BEDROOM), language="zh-TW")
    assert "燈" in event.alternatives[0].text


async def test_other_rates_are_converted(listen_url: str, http: aiohttp.ClientSession) -> None:
    resampler = rtc.AudioResampler(16_000, 48_000)
    converted = [f for frame in frames(KITCHEN) for f in resampler.push(frame)]
    stt = wyoming.STT(base_url=listen_url, http_session=http)
    async with stt, stt.stream() as stream:
        for frame in [*converted, *resampler.flush()]:
            stream.push_frame(frame)
        stream.end_input()
        assert texts([event async for event in stream]) == ["Turn off the kitchen light."]


async def test_a_lost_connection_is_made_again(
    listen_url: str, http: aiohttp.ClientSession
) -> None:
    relay = Relay(urlparse(listen_url).port or 0)
    options = APIConnectOptions(max_retry=3, retry_interval=0.1, timeout=5.0)
    async with relay.url() as url:
        stt = wyoming.STT(base_url=url, http_session=http)
        async with stt, stt.stream(conn_options=options) as stream:
            push(stream, BEDROOM)
            events = await read_until(stream, SpeechEventType.START_OF_SPEECH)
            relay.cut()
            events += await read_until(stream, SpeechEventType.END_OF_SPEECH)
            push(stream, KITCHEN)
            stream.end_input()
            events += [event async for event in stream]
    assert texts(events) == ["Turn off the kitchen light."]


async def test_what_is_refused_is_raised(listen_url: str, http: aiohttp.ClientSession) -> None:
    stt = wyoming.STT(base_url=listen_url, http_session=http, language="tlh")
    async with stt, stt.stream(conn_options=ONCE) as stream:
        with pytest.raises(APIError, match="unsupported-language") as refused:
            await anext(stream)
        assert not refused.value.retryable
    nowhere = f"http://127.0.0.1:{free_port()}"
    stt = wyoming.STT(base_url=nowhere, http_session=http)
    async with stt, stt.stream(conn_options=ONCE) as stream:
        with pytest.raises(APIConnectionError):
            await anext(stream)
