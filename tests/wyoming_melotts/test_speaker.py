"""The voices without a server."""

from collections.abc import AsyncIterator
from pathlib import Path

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


def test_wrong_settings_are_named() -> None:
    with pytest.raises(SettingsError, match="speed"):
        Speaker(speed="fast")
