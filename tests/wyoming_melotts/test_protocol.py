"""The text-to-speech protocol through a real server on a real socket."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from wyoming.client import AsyncClient
from wyoming.event import Event, Eventable
from wyoming.info import Describe, Info, SelectProgram
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeVoice,
)

from tests.support.waiting import until
from tests.support.wire import Wire, connect
from tests.wyoming_melotts.conftest import ServiceMaker
from wyoming_serving.errors import ServiceError
from wyoming_serving.service import running

TEXT = "Hello there. The light is on now."


@dataclass
class Answer:
    """The events of one answer in order, and its audio."""

    types: list[str]
    audio: bytes
    rates: set[int]


async def answer(wire: Wire, last: str = "audio-stop") -> Answer:
    types: list[str] = []
    audio = b""
    rates = set()
    while True:
        event = await wire.read()
        assert event is not None, f"the connection ended after {types}"
        assert event.type != "error", event
        types.append(event.type)
        if event.type in ("audio-start", "audio-chunk"):
            assert (event.data["width"], event.data["channels"]) == (2, 1)
            rates.add(event.data["rate"])
        audio += event.payload or b""
        if event.type == last:
            return Answer(types, audio, rates)


def streamed(
    text: str, *, step: int = 3, repeated: bool = True, voice: str | None = None
) -> Iterator[Eventable]:
    wanted = SynthesizeVoice(name=voice) if voice else None
    yield SynthesizeStart(voice=wanted)
    for start in range(0, len(text), step):
        yield SynthesizeChunk(text=text[start : start + step])
    if repeated:
        yield Synthesize(text=text, voice=wanted)
    yield SynthesizeStop()


def voice_event(text: str, **voice: str) -> Event:
    return Event("synthesize", {"text": text, "voice": voice})


async def test_all_voices_are_of_one_program(make_service: ServiceMaker) -> None:
    async with running(make_service()) as port:
        async with connect(port) as wire:
            await wire.send(SelectProgram(name="melotts"), Synthesize(text=TEXT))
            await wire.read_type("audio-start")
        async with connect(port) as wire:
            await wire.send(SelectProgram(name="demo"))
            assert (await wire.read_error("unknown-program")).endswith("allowed: melotts")


async def test_wyomings_own_client_gets_audio(make_service: ServiceMaker) -> None:
    async with (
        running(make_service()) as port,
        AsyncClient.from_uri(f"tcp://127.0.0.1:{port}") as client,
    ):
        await client.write_event(Synthesize(text=TEXT).event())
        types = []
        while (event := await client.read_event()) is not None:
            types.append(event.type)
            if event.type == "audio-stop":
                break
    assert types[0] == "audio-start"
    assert types.count("audio-start") == 1
    assert "audio-chunk" in types


async def test_whole_streamed_and_repeated_texts_sound_the_same(
    make_service: ServiceMaker,
) -> None:
    async with running(make_service(cache_mb=0)) as port, connect(port) as wire:
        await wire.send(Synthesize(text=TEXT))
        whole = await answer(wire)
        await wire.send(*streamed(TEXT))
        stream = await answer(wire, "synthesize-stopped")
        await wire.send(*streamed(TEXT, step=1, repeated=False))
        unrepeated = await answer(wire, "synthesize-stopped")
        await wire.send(Synthesize(text=TEXT))
        again = await answer(wire)
    assert len(whole.audio) > 20_000
    assert whole.audio == stream.audio == unrepeated.audio == again.audio
    for streaming in (stream, unrepeated):
        assert streaming.types[0] == "audio-start"
        assert streaming.types.count("audio-start") == 1
        assert streaming.types[-2:] == ["audio-stop", "synthesize-stopped"]


async def test_cached_audio_is_the_same(make_service: ServiceMaker) -> None:
    service = make_service()
    async with running(service) as port, connect(port) as wire:
        await wire.send(Synthesize(text=TEXT))
        first = await answer(wire)
        assert service.scheduler is not None
        computed = service.scheduler.stats.finished
        await wire.send(Synthesize(text=TEXT))
        second = await answer(wire)
        assert service.scheduler.stats.finished == computed
    assert first.audio == second.audio


async def test_a_sentence_is_spoken_before_the_text_ends(make_service: ServiceMaker) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(SynthesizeStart(), SynthesizeChunk(text="The light is on. And "))
        await wire.read_type("audio-start")
        await wire.read_type("audio-chunk")
        await wire.send(SynthesizeChunk(text="so on."), SynthesizeStop())
        rest = await answer(wire, "synthesize-stopped")
    assert "audio-start" not in rest.types


async def test_a_streamed_text_that_only_came_whole_is_spoken(make_service: ServiceMaker) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(SynthesizeStart(), Synthesize(text=TEXT), SynthesizeStop())
        stream = await answer(wire, "synthesize-stopped")
        await wire.send(Synthesize(text=TEXT))
        assert (await answer(wire)).audio == stream.audio


@pytest.mark.parametrize("text", ["", " \n ", "...!?", "\U0001f600", "。。。", "***"])
async def test_a_text_without_words_is_an_empty_answer(
    text: str, make_service: ServiceMaker
) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(Synthesize(text=text))
        assert (await answer(wire)).types == ["audio-start", "audio-stop"]
        await wire.send(*streamed(text))
        types = (await answer(wire, "synthesize-stopped")).types
        assert types == ["audio-start", "audio-stop", "synthesize-stopped"]


@pytest.mark.parametrize(
    "text",
    [
        "Hello 世界, bonjour 123 и 日本語.",
        "light.living_room is 21.5°C",
        "#1 <b>a\0b\x07c</b> $ € _",
        "one\ntwo\r\n\tthree",
        "and then the light went on " * 22,
    ],
)
async def test_any_text_is_spoken(text: str, make_service: ServiceMaker) -> None:
    for normalization in ("home", "upstream"):
        service = make_service(text_normalization=normalization)
        async with running(service) as port, connect(port) as wire:
            await wire.send(Synthesize(text=text))
            assert (await answer(wire)).audio


async def test_a_name_is_pronounced_as_the_home_says(
    make_service: ServiceMaker, tmp_path: Path
) -> None:
    file = tmp_path / "home.yaml"
    file.write_text("readings: {Nyx: N AY1 T}", encoding="utf-8")
    async with running(make_service(home=file)) as port, connect(port) as wire:
        await wire.send(Synthesize(text="The Nyx is on"), Synthesize(text="The night is on"))
        name, word = (await answer(wire)).audio, (await answer(wire)).audio
    assert name == word
    file.write_text("readings: {Nyx: näit}", encoding="utf-8")
    with pytest.raises(ServiceError, match="'näit' is no reading of 'Nyx'; allowed: "):
        make_service(home=file)


async def test_a_second_start_ends_the_text_before_it(make_service: ServiceMaker) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(SynthesizeStart(), SynthesizeChunk(text="First one"), *streamed("Second."))
        assert (await answer(wire, "synthesize-stopped")).audio
        assert (await answer(wire, "synthesize-stopped")).audio


async def test_voices_by_name_language_and_speaker(make_service: ServiceMaker) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        audio = {}
        for voice in (
            {"name": "EN-US"},
            {"name": "en_india"},
            {"language": "en-IN"},
            {"speaker": "EN_INDIA"},
            {"name": "EN-US", "speaker": "EN_INDIA"},
            {"language": "en_GB"},
            {},
        ):
            await wire.send(voice_event(TEXT, **voice))
            audio[tuple(voice.values())] = (await answer(wire)).audio
    assert audio[("EN-US",)] != audio[("en_india",)]
    assert audio[("en_india",)] == audio[("en-IN",)] == audio[("EN_INDIA",)]
    assert audio[("en_india",)] == audio[("EN-US", "EN_INDIA")]
    assert audio[()] == audio[("EN-US",)] == audio[("en_GB",)]


@pytest.mark.parametrize(
    ("voice", "code", "says"),
    [
        ({"name": "EN-UK"}, "unknown-voice", "there is no voice 'EN-UK'; near ones: EN-"),
        ({"name": "?"}, "unknown-voice", "there is no voice '?'; allowed: ZH, EN-US"),
        ({"language": "xx"}, "unsupported-language", "there is no language 'xx'; allowed: zh-CN"),
        (
            {"speaker": "EN-INDIA"},
            "unknown-voice",
            "there is no speaker 'EN-INDIA'; near ones: EN_INDIA",
        ),
    ],
)
async def test_an_unknown_voice_names_the_near_ones(
    voice: dict[str, str], code: str, says: str, make_service: ServiceMaker
) -> None:
    async with running(make_service()) as port:
        async with connect(port) as wire:
            await wire.send(voice_event(TEXT, **voice))
            assert says in await wire.read_error(code)
        async with connect(port) as wire:
            await wire.send(Event("synthesize-start", {"voice": voice}))
            error = await wire.read_type("error")
            assert (error.data["code"], says in error.data["text"]) == (code, True)
            await wire.read_type("synthesize-stopped")
            assert await wire.read() is None


async def test_a_voice_that_is_not_on_disk(make_service: ServiceMaker) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(voice_event("はい。", name="JP"))
        assert "download JP` where there is a network" in await wire.read_error("model-missing")


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (Event("synthesize", {}), "invalid-event"),
        (Event("synthesize", {"text": 5}), "invalid-event"),
        (Event("synthesize", {"text": "hi", "voice": "x"}), "invalid-event"),
        (Event("synthesize", {"text": "hi", "voice": {"name": 5}}), "invalid-event"),
        (Event("synthesize-chunk", {"text": "hi"}), "invalid-event"),
        (Event("synthesize-stop", {}), "invalid-event"),
        (Event("synthesize", {"text": "a" * 101}), "text-too-long"),
    ],
)
async def test_wrong_events(event: Event, code: str, make_service: ServiceMaker) -> None:
    async with running(make_service(max_text_length=100)) as port:
        async with connect(port) as wire:
            await wire.send(event)
            await wire.read_error(code)
        async with connect(port) as wire:
            await wire.send(Synthesize(text=TEXT))
            assert (await answer(wire)).audio


async def test_a_streamed_text_may_not_grow_without_limit(make_service: ServiceMaker) -> None:
    async with running(make_service(max_text_length=100)) as port, connect(port) as wire:
        await wire.send(SynthesizeStart(), *[SynthesizeChunk(text="word ")] * 21)
        assert (await wire.read_type("error")).data["code"] == "text-too-long"
        await wire.read_type("synthesize-stopped")
        assert await wire.read() is None


async def test_describe_is_answered_during_a_long_text(make_service: ServiceMaker) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(Synthesize(text=TEXT * 50))
        await wire.read_type("audio-start")
        async with connect(port) as other:
            await other.send(Describe())
            info = Info.from_event(await other.read_type("info"))
        assert (await wire.read_type("audio-chunk")).payload
    assert info.tts[0].supports_synthesize_streaming


async def test_a_client_that_leaves_cancels_what_is_left(make_service: ServiceMaker) -> None:
    service = make_service(cache_mb=0)
    async with running(service) as port:
        async with connect(port) as wire:
            await wire.send(Synthesize(text="The light is on. " * 200))
            await wire.read_type("audio-start")
        async with connect(port) as other:
            await other.send(Synthesize(text=TEXT))
            await answer(other)
        await until(lambda: not any(t.get_name() == "prefetch" for t in asyncio.all_tasks()))


async def test_two_clients_are_served_in_turns(make_service: ServiceMaker) -> None:
    async with (
        running(make_service(cache_mb=0)) as port,
        connect(port) as long,
        connect(port) as short,
    ):
        await long.send(Synthesize(text="The light is on. " * 100))
        await long.read_type("audio-start")
        await short.send(Synthesize(text=TEXT))
        assert (await answer(short)).audio
        # the long text is not over yet
        assert (await long.read_type("audio-chunk")).payload


async def test_a_full_queue_refuses_new_requests_and_finishes_accepted_ones(
    make_service: ServiceMaker,
) -> None:
    service = make_service(cache_mb=0, threads=1, max_queue=1)
    gate = threading.Event()
    async with (
        running(service) as port,
        connect(port) as running_client,
        connect(port) as waiting_client,
        connect(port) as refused_client,
    ):
        scheduler = service.scheduler
        assert scheduler is not None
        blocked = asyncio.create_task(scheduler.call(gate.wait))
        await running_client.send(Synthesize(text=TEXT))
        await until(lambda: scheduler.running == 1)
        await waiting_client.send(Synthesize(text=TEXT))
        await until(lambda: scheduler.depth == 1)
        await refused_client.send(Synthesize(text=TEXT))
        assert "at most 1" in await refused_client.read_error("queue-full")
        gate.set()
        await blocked
        audio = {(await answer(client)).audio for client in (running_client, waiting_client)}
    assert len(audio) == 1 and audio.pop()


async def test_another_sample_rate(make_service: ServiceMaker) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(Synthesize(text=TEXT))
        native = await answer(wire)
    async with running(make_service(sample_rate_hz=22_050)) as port, connect(port) as wire:
        await wire.send(Synthesize(text=TEXT))
        half = await answer(wire)
    assert (native.rates, half.rates) == ({44_100}, {22_050})
    assert len(half.audio) == pytest.approx(len(native.audio) / 2, abs=8)


async def test_only_voices_on_disk_are_announced_as_installed(make_service: ServiceMaker) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(Describe())
        info = Info.from_event(await wire.read_type("info"))
    voices = {voice.name: voice for voice in info.tts[0].voices}
    assert {name for name, voice in voices.items() if voice.installed} == {
        "EN-US",
        "EN_INDIA",
        "EN-Default",
    }
    assert voices["EN_INDIA"].languages == ["en-IN"]
    assert "zh-TW" in voices["ZH"].languages
    assert len(info.tts) == 1 and info.tts[0].installed
