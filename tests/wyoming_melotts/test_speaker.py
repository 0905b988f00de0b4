"""The voices without a server."""

from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from wyoming.tts import Synthesize

from tests.support.wire import connect
from tests.wyoming_melotts.conftest import ServiceMaker
from tests.wyoming_melotts.test_protocol import answer
from wyoming_melotts.speaker import Speaker
from wyoming_melotts.spoken import SpokenAudio, SpokenSentence
from wyoming_serving.errors import ServiceError
from wyoming_serving.service import running
from wyoming_serving.settings import SettingsError

TEXT = "Hello there. The light is on now."


async def pieces(text: str) -> AsyncIterator[str]:
    for character in text:
        yield character


async def test_it_sounds_as_the_server_does(
    make_service: ServiceMaker, voices_dir: Path, tmp_path: Path
) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(Synthesize(text=TEXT))
        served = await answer(wire)
    where = {"voices_dir": voices_dir, "cache_dir": tmp_path / "cache"}
    async with Speaker(offline=True, device="cpu", **where) as speaker:
        events = [event async for event in speaker.speak(TEXT)]
        arriving = [event async for event in speaker.speak(pieces(TEXT), voice="EN-US")]
        with pytest.raises(ServiceError):
            [event async for event in speaker.speak(TEXT, voice="nobody")]
        with pytest.raises(ServiceError):
            [event async for event in speaker.speak(pieces("x" * 20_000))]
    for heard in (events, arriving):
        audio = [event for event in heard if isinstance(event, SpokenAudio)]
        assert b"".join(event.pcm for event in audio) == served.audio
        assert [word.text for event in audio for word in event.words][-1] == "now"
        texts = [event.text for event in heard if isinstance(event, SpokenSentence)]
        assert texts == ["Hello there.", "The light is on now."]


async def test_the_demo_voice_is_silent_where_no_word_is(tmp_path: Path) -> None:
    settings = {"voice": "demo", "cache_dir": tmp_path, "device": "cpu", "offline": True}
    async with Speaker(**settings) as speaker:
        text = "I don't know. Well, the light is on."
        events = [event async for event in speaker.speak(text)]
        audio = [event for event in events if isinstance(event, SpokenAudio)]
        words = [word for event in audio for word in event.words]
        pcm = b"".join(event.pcm for event in audio)
        sound = np.frombuffer(pcm, "<i2").astype(np.float32)

        def loudness(start: float, end: float) -> float:
            first, last = (int(at * speaker.sample_rate_hz) for at in (start, end))
            return float(np.sqrt(np.mean(sound[first:last] ** 2)))

    assert " ".join(word.text for word in words) == "i don't know well the light is on"
    pauses = [
        loudness(before.end, after.start)
        for before, after in pairwise(words)
        if after.start - before.end > 0.15
    ]
    spoken = loudness(words[0].start, words[-1].end)
    assert pauses
    assert max(pauses) < 0.3 * spoken
    assert loudness(words[-1].end, len(sound) / speaker.sample_rate_hz) < 0.1 * spoken


def test_wrong_settings_are_named() -> None:
    with pytest.raises(SettingsError, match="speed"):
        Speaker(speed="fast")
    with pytest.raises(SettingsError, match="voise: there is no such setting"):
        Speaker(voise="demo")
