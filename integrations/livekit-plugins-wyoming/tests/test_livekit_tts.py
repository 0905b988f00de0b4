"""LiveKit's text to speech against a running server."""

from collections.abc import AsyncIterator
from urllib.parse import urlparse

import numpy as np
import pytest

from tests.support.relay import Relay

pytest.importorskip("livekit.agents", reason="livekit-agents is not installed")
wyoming = pytest.importorskip(
    "livekit.plugins.wyoming", reason="livekit-plugins-wyoming is not installed"
)

import aiohttp  # noqa: E402
from livekit.agents import APIConnectOptions, APIError  # noqa: E402
from livekit.agents.tts import ChunkedStream, SynthesizedAudio, SynthesizeStream  # noqa: E402
from livekit.agents.types import USERDATA_TIMED_TRANSCRIPT, TimedString  # noqa: E402
from livekit.plugins.wyoming.alignment import Alignment  # noqa: E402

TEXT = "Hello there. The light is on now."
ONCE = APIConnectOptions(max_retry=0, timeout=10.0)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def heard(stream: ChunkedStream | SynthesizeStream) -> list[SynthesizedAudio]:
    async with stream:
        return [audio async for audio in stream]


def sound(audio: list[SynthesizedAudio]) -> np.ndarray:
    """The samples, without the silence that LiveKit puts behind them."""
    samples = np.concatenate([np.frombuffer(a.frame.data, np.int16) for a in audio])
    return np.trim_zeros(samples, "b")


def words(audio: list[SynthesizedAudio]) -> list[TimedString]:
    return [word for a in audio for word in a.frame.userdata.get(USERDATA_TIMED_TRANSCRIPT, [])]


async def test_a_whole_text(speak_url: str, http: aiohttp.ClientSession) -> None:
    async with wyoming.TTS(base_url=speak_url, http_session=http, language="en") as tts:
        audio = await heard(tts.synthesize(TEXT))
    samples = sound(audio)
    assert {a.frame.sample_rate for a in audio} == {tts.sample_rate}
    assert np.abs(samples).max() > 1000
    assert "".join(words(audio)).strip() == TEXT
    times = [word.start_time for word in words(audio)]
    assert times == sorted(times) and 0 < times[-1] < len(samples) / tts.sample_rate


async def test_a_text_in_pieces_and_a_connection_for_all(
    speak_url: str, http: aiohttp.ClientSession
) -> None:
    relay = Relay(urlparse(speak_url).port or 0)
    async with (
        relay.url() as url,
        wyoming.TTS(base_url=url, http_session=http, language="en") as tts,
    ):
        whole = await heard(tts.synthesize(TEXT))
        stream = tts.stream()
        for character in TEXT:
            stream.push_text(character)
        stream.end_input()
        in_pieces = await heard(stream)
        empty = tts.stream()
        empty.end_input()
        assert await heard(empty) == []
        assert relay.connections == 1
        relay.cut()
        assert np.array_equal(sound(await heard(tts.synthesize(TEXT))), sound(whole))
    assert np.array_equal(sound(in_pieces), sound(whole))
    assert in_pieces[-1].is_final


async def test_who_closes_early_hears_the_next_text_from_its_beginning(
    speak_url: str, http: aiohttp.ClientSession
) -> None:
    async with wyoming.TTS(base_url=speak_url, http_session=http, language="en") as tts:
        usual = sound(await heard(tts.synthesize(TEXT)))
        stream = tts.stream()
        stream.push_text("The light in the kitchen is on now. " * 100)
        await anext(stream)
        await stream.aclose()
        assert np.array_equal(sound(await heard(tts.synthesize(TEXT))), usual)


async def test_what_is_refused_is_raised(speak_url: str, http: aiohttp.ClientSession) -> None:
    async with wyoming.TTS(base_url=speak_url, http_session=http, voice="nobody") as tts:
        with pytest.raises(APIError, match="unknown-voice") as refused:
            await heard(tts.synthesize(TEXT, conn_options=ONCE))
        assert not refused.value.retryable
        tts.update_options(voice=None)
        assert len(await heard(tts.synthesize(TEXT)))


@pytest.mark.parametrize(
    ("sentence", "spoken", "written"),
    [
        ("Well, it's on. ", ["well", "it's", "on"], ["Well, ", "it's ", "on. "]),
        ("All 21 lights! ", ["all", "twenty", "one", "lights"], ["All ", "21 ", "", "lights! "]),
        ("It is 21. ", ["it", "is", "twenty", "one"], ["It ", "is ", "21. ", ""]),
        ("At 5 km/h now ", ["at", "now"], ["At ", "5 km/h now "]),
        ("开灯，好。", ["开", "灯", "好"], ["开", "灯，", "好。"]),
    ],
)
def test_words_get_the_text_that_they_say(
    sentence: str, spoken: list[str], written: list[str]
) -> None:
    alignment = Alignment()
    assert alignment.add(sentence) == ""
    assert [alignment.written(word) for word in spoken] == written
    assert alignment.rest() == ""
