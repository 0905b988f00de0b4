"""Streamed texts, marked-up texts and voices that come and go, through a real server."""

import asyncio
import shutil
import time
from pathlib import Path

import pytest
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from benchmarks.melotts_random_models import TINY_SIZE, write_voice
from tests.support.wire import Wire, connect
from tests.wyoming_melotts.conftest import ServiceMaker
from tests.wyoming_melotts.tiny_voice import make_voice
from wyoming_melotts.synthesis.speech import Reader
from wyoming_serving.service import running

LOOP_HELD_SECONDS = 0.05


async def audio_of(wire: Wire, last: str = "audio-stop") -> bytes:
    audio = b""
    while (event := await wire.read()) is not None and event.type != last:
        assert event.type != "error", event
        audio += event.payload or b""
    return audio


async def test_silence_keeps_a_stream_alive_whose_text_is_late(make_service: ServiceMaker) -> None:
    service = make_service(silence_after_seconds=0.1)
    async with running(service) as port, connect(port) as wire:
        await wire.send(SynthesizeStart())
        await wire.read_type("audio-start")
        silences = [await wire.read_type("audio-chunk") for _ in range(2)]
        await wire.send(SynthesizeChunk(text="On."), SynthesizeStop())
        speech = await audio_of(wire, "synthesize-stopped")
    assert not any(b"".join(chunk.payload or b"" for chunk in silences))
    assert any(speech)


async def test_a_stream_that_a_defect_ends_is_stopped(
    make_service: ServiceMaker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def defect(*_: object, **__: object) -> list[str]:
        raise KeyError("a programming mistake")

    async with running(make_service()) as port, connect(port) as wire:
        monkeypatch.setattr(Reader, "pieces", defect)
        await wire.send(SynthesizeStart(), SynthesizeChunk(text="On."), SynthesizeStop())
        assert (await wire.read_type("error")).data["code"] == "internal-error"
        await wire.read_type("synthesize-stopped")
        assert await wire.read() is None
    failures = [record for record in caplog.records if record.exc_info is not None]
    assert [record.name for record in failures] == ["wyoming_serving.session"]


async def test_a_stream_that_fails_is_stopped(make_service: ServiceMaker) -> None:
    async with running(make_service(max_text_length=30)) as port, connect(port) as wire:
        await wire.send(SynthesizeStart(), SynthesizeChunk(text="The light is on. And "))
        await wire.read_type("audio-start")
        await wire.send(SynthesizeChunk(text="x" * 30))
        types = []
        while (event := await wire.read()) is not None:
            types.append(event.type)
    assert [kind for kind in types if kind != "audio-chunk"] == [
        "error",
        "audio-stop",
        "synthesize-stopped",
    ]


class LoopWatch:
    """The longest that the event loop computed without a turn for others.

    It is the thread's own time, which does not grow when the machine is busy.
    """

    def __init__(self) -> None:
        self.longest_seconds = 0.0

    async def watch(self) -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            self.longest_seconds = max(self.longest_seconds, now - last)
            last = now


@pytest.mark.parametrize("text", ["।" * 10_000, "好A.我。" * 2_000, "*" * 10_000, "a. " * 3_333])
async def test_hostile_texts_do_not_hold_the_loop(text: str, make_service: ServiceMaker) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        loop_watch = LoopWatch()
        watching = asyncio.create_task(loop_watch.watch())
        await wire.send(SynthesizeStart(), SynthesizeChunk(text=text))
        await wire.send(*[SynthesizeChunk(text="")] * 500, Describe())
        while (event := await wire.read()) is not None and event.type != "info":
            pass
        watching.cancel()
    assert loop_watch.longest_seconds < LOOP_HELD_SECONDS


async def test_the_longest_voice_name_does_not_hold_the_loop(
    make_service: ServiceMaker,
) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        loop_watch = LoopWatch()
        watching = asyncio.create_task(loop_watch.watch())
        await wire.send(Event("synthesize", {"text": "On.", "voice": {"name": "EN" * 50_000}}))
        assert len(await wire.read_error("unknown-voice")) < 1_000
        watching.cancel()
    assert loop_watch.longest_seconds < LOOP_HELD_SECONDS


async def test_ssml_is_spoken_with_its_pauses(make_service: ServiceMaker) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(Synthesize(text="Hello there."))
        plain = await audio_of(wire)
        await wire.send(
            Synthesize(text='<speak>Hello there.<break time="1s"/></speak>', text_format="ssml")
        )
        paused = await audio_of(wire)
        await wire.send(SynthesizeStart(text_format="ssml"))
        for character in "<speak>Hello there.</speak>":
            await wire.send(SynthesizeChunk(text=character))
        await wire.send(SynthesizeStop())
        streamed = await audio_of(wire, "synthesize-stopped")
    assert paused == plain + bytes(2 * 44_100)
    assert streamed == plain


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (Event("synthesize", {"text": "<speak>", "text_format": "ssml"}), "not SSML"),
        (Event("synthesize", {"text": "a", "text_format": "html"}), "allowed: text, ssml"),
        (Event("synthesize", {"text": "a", "text_format": ["ssml"]}), "allowed: text, ssml"),
    ],
)
async def test_wrong_formats(event: Event, says: str, make_service: ServiceMaker) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(event)
        assert says in await wire.read_error("invalid-event")


async def test_voices_come_and_go_without_a_restart(
    tmp_path: Path, make_service: ServiceMaker
) -> None:
    make_voice(tmp_path / "EN")
    async with running(make_service(voices_dir=tmp_path)) as port, connect(port) as wire:

        async def installed() -> set[str]:
            await wire.send(Describe())
            info = Info.from_event(await wire.read_type("info"))
            return {voice.name for voice in info.tts[0].voices if voice.installed}

        before = await installed()
        make_voice(tmp_path / "en-guest", {"guest": 0})
        assert await installed() == before | {"en-guest/guest"}
        await wire.send(Event("synthesize", {"text": "On.", "voice": {"name": "en-guest/guest"}}))
        assert any(await audio_of(wire))
        shutil.rmtree(tmp_path / "en-guest")
        assert await installed() == before


async def test_a_voice_that_takes_the_place_of_another_is_heard(
    tmp_path: Path, make_service: ServiceMaker
) -> None:
    make_voice(tmp_path / "EN")
    async with running(make_service(voices_dir=tmp_path)) as port, connect(port) as wire:
        await wire.send(Synthesize(text="On."))
        first = await audio_of(wire)
        write_voice(tmp_path / "EN", TINY_SIZE, frames_per_token=4.0)
        await wire.send(Describe())
        await wire.read_type("info")
        await wire.send(Synthesize(text="On."))
        assert len(await audio_of(wire)) > 1.5 * len(first)
