"""Endpointing, recognition ahead and partial transcripts, through a real server."""

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from wyoming.asr import Transcribe, Transcript, TranscriptChunk
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event, Eventable
from wyoming.info import Describe, Info

from tests.support.speech import DATA, RATE_HZ, SPEECH, noise, read_pcm
from tests.support.waiting import until
from tests.support.wire import Wire, connect
from tests.wyoming_funasr.conftest import ServiceMaker
from wyoming_funasr.models import FSMN_VAD
from wyoming_funasr.service import FunasrService
from wyoming_serving.audio import encode_pcm16
from wyoming_serving.service import running

START = AudioStart(rate=RATE_HZ, width=2, channels=1)
STOP = AudioStop()
WITHOUT = "--no-endpointing"
NO_SPECULATION = ("--speculation-silence-ms", "0")


def silence(seconds: float) -> bytes:
    """A quiet room, so that nothing depends on digital zeros."""
    return encode_pcm16(noise(seconds, 0.0005))


def chunks(pcm: bytes, size: int = 1024) -> Iterator[Eventable]:
    """As a satellite sends them: 32 ms each."""
    for i in range(0, len(pcm), size):
        yield AudioChunk(rate=RATE_HZ, width=2, channels=1, audio=pcm[i : i + size])


def speculations(service: FunasrService) -> tuple[float, float]:
    """Those used and those wasted, as `/metrics` counts them."""
    name, model = "funasr_speculation_runs_total", service.models.default.name
    used, wasted = (
        service.metrics.get_sample_value(name, {"model": model, "outcome": outcome})
        for outcome in ("used", "wasted")
    )
    return used or 0, wasted or 0


def requests(service: FunasrService, outcome: str) -> float:
    """Requests that ended so, as `/metrics` counts them."""
    return service.metrics.get_sample_value("wyoming_requests_total", {"outcome": outcome}) or 0


async def transcript(wire: Wire) -> Transcript:
    return Transcript.from_event(await wire.read_type("transcript"))


def ended_by(heard: Transcript) -> object:
    assert heard.context is not None
    return heard.context["ended_by"]


async def test_the_answer_comes_before_audio_stop(make_service: ServiceMaker) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(Transcribe(), START, *chunks(SPEECH + silence(1)))
        heard = await transcript(wire)
        assert heard.text and ended_by(heard) == "silence"
        assert heard.context is not None
        assert heard.context["audio_ms"] < len(SPEECH) / 32 + 1_000
        # the rest of the request is read and dropped, and the next one is answered
        await wire.send(*chunks(SPEECH), STOP)
        await wire.send(Transcribe(), START, *chunks(SPEECH + silence(1)), STOP)
        assert (await transcript(wire)).text == heard.text


async def test_a_client_may_write_everything_before_it_reads(make_service: ServiceMaker) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(START, *chunks(SPEECH + silence(3) + SPEECH), STOP)
        assert ended_by(await transcript(wire)) == "silence"
        await wire.send(Describe())
        await wire.read_type("info")


@pytest.mark.parametrize("size", [640, 4_000, 10**7])
async def test_the_end_does_not_depend_on_the_chunks(make_service: ServiceMaker, size: int) -> None:
    pcm = SPEECH + silence(2) + SPEECH
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(START, *chunks(pcm), STOP)
        expected = await transcript(wire)
        await wire.send(START, *chunks(pcm, size), STOP)
        heard = await transcript(wire)
    assert heard.text == expected.text
    assert heard.context is not None and expected.context is not None
    assert heard.context["speech_end_ms"] == expected.context["speech_end_ms"]
    assert heard.context["audio_ms"] == expected.context["audio_ms"]


async def test_without_endpointing_audio_stop_decides(make_service: ServiceMaker) -> None:
    async with running(make_service(WITHOUT)) as port, connect(port) as wire:
        await wire.send(START, *chunks(SPEECH + silence(2) + SPEECH), STOP)
        heard = await transcript(wire)
        await wire.send(Describe())
        info = Info.from_event(await wire.read_type("info"))
    assert ended_by(heard) == "audio-stop"
    assert heard.context is not None
    assert heard.context["speech_end_ms"] > len(SPEECH) / 32 + 2_000
    assert info.asr[0].requires_external_vad is True


@pytest.mark.parametrize(
    ("sensitivity", "ends_early"), [("aggressive", True), ("default", True), ("relaxed", False)]
)
async def test_clients_say_how_long_a_pause_may_be(
    make_service: ServiceMaker, sensitivity: str, ends_early: bool
) -> None:
    # with the quiet of the recording's own ends, the pause lasts between 700 and 800 ms
    pcm = SPEECH + silence(0.44) + SPEECH
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(Transcribe(vad_sensitivity=sensitivity), START, *chunks(pcm), STOP)
        heard = await transcript(wire)
    assert (ended_by(heard) == "silence") is ends_early


async def test_an_unknown_sensitivity_is_refused(make_service: ServiceMaker) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(Transcribe(vad_sensitivity="hasty"))
        assert "relaxed" in await wire.read_error("invalid-event")


async def test_a_phrase_that_breaks_off_is_waited_for(make_service: ServiceMaker) -> None:
    command = read_pcm(DATA / "kitchen_light_off_en.wav")
    async with running(make_service("--model-dir", "demo")) as port, connect(port) as wire:
        await wire.send(START, *chunks(command + silence(2)), STOP)
        whole = await transcript(wire)
        assert whole.context is not None
        first = next(word for word in whole.context["words"] if word["text"].lower() == "the")
        cut = command[: (first["end_ms"] + 40) * 32]
        await wire.send(START, *chunks(cut + silence(0.6) + command + silence(2)), STOP)
        waited = await transcript(wire)
    assert waited.context is not None
    assert waited.context["speech_end_ms"] > len(cut) / 32 + 600


@pytest.mark.parametrize("size", [1_024, 10**7])
async def test_waiting_for_the_rest_of_a_phrase_ends_with_that_rest(
    make_service: ServiceMaker, size: int
) -> None:
    """The longer silence belongs to the text that broke off, however the audio is split."""
    command = read_pcm(DATA / "kitchen_light_off_en.wav")
    words = ("--model-dir", "demo", "--endpoint-silence-unfinished-ms", "1500")
    async with running(make_service(*words)) as port, connect(port) as wire:
        await wire.send(START, *chunks(command + silence(2)), STOP)
        whole = await transcript(wire)
        assert whole.context is not None
        first = next(word for word in whole.context["words"] if word["text"].lower() == "the")
        cut = command[: (first["end_ms"] + 40) * 32]
        pcm = cut + silence(0.6) + command + silence(1)
        await wire.send(START, *chunks(pcm, size), STOP)
        waited = await transcript(wire)
    assert ended_by(waited) == "silence"


async def test_a_request_without_speech_ends(make_service: ServiceMaker) -> None:
    async with running(make_service("--no-speech-seconds", "2")) as port, connect(port) as wire:
        await wire.send(START, *chunks(silence(4)))
        heard = await transcript(wire)
    assert heard.text == "" and ended_by(heard) == "no-speech"


async def test_recognition_in_a_pause_is_the_answer(make_service: ServiceMaker) -> None:
    service = make_service(WITHOUT)
    async with running(service) as port, connect(port) as wire:
        await wire.send(START, *chunks(SPEECH + silence(0.5)))
        await until(lambda: service.pipelines[0].recognitions.stats.finished == 1)
        await wire.send(STOP)
        heard = await transcript(wire)
    assert speculations(service) == (1, 0)
    assert service.pipelines[0].recognitions.stats.finished == 1
    async with running(make_service(WITHOUT, *NO_SPECULATION)) as port, connect(port) as wire:
        await wire.send(START, *chunks(SPEECH + silence(0.5)), STOP)
        assert (await transcript(wire)).text == heard.text


async def test_recognition_in_a_pause_is_dropped_when_speech_goes_on(
    make_service: ServiceMaker,
) -> None:
    service = make_service(WITHOUT)
    async with running(service) as port, connect(port) as wire:
        await wire.send(START, *chunks(SPEECH + silence(0.5)))
        await until(lambda: service.pipelines[0].recognitions.stats.finished == 1)
        await wire.send(*chunks(SPEECH), STOP)
        heard = await transcript(wire)
        await wire.send(START, *chunks(SPEECH + silence(0.5) + SPEECH), STOP)
        assert (await transcript(wire)).text == heard.text
    assert speculations(service)[1] >= 1


async def test_speculation_can_be_turned_off(make_service: ServiceMaker) -> None:
    service = make_service(WITHOUT, *NO_SPECULATION)
    async with running(service) as port, connect(port) as wire:
        await wire.send(START, *chunks(SPEECH + silence(0.5)), Describe())
        await wire.read_type("info")
        await wire.send(STOP)
        assert (await transcript(wire)).text
    assert speculations(service) == (0, 0)


async def test_a_client_that_leaves_in_a_pause_leaves_no_work(make_service: ServiceMaker) -> None:
    service = make_service(WITHOUT)
    async with running(service) as port:
        async with connect(port) as wire:
            await wire.send(START, *chunks(SPEECH + silence(0.5)))
            await until(lambda: service.pipelines[0].recognitions.stats.finished == 1)
        await until(lambda: speculations(service)[1] == 1)
        async with connect(port) as wire:
            await wire.send(START, *chunks(SPEECH), STOP)
            assert (await transcript(wire)).text


async def test_a_new_transcribe_begins_anew(make_service: ServiceMaker) -> None:
    service = make_service()
    async with running(service) as port, connect(port) as wire:
        await wire.send(START, *chunks(SPEECH), STOP)
        expected = await transcript(wire)
        await wire.send(Transcribe(), START, *chunks(SPEECH[: len(SPEECH) // 2]))
        await wire.send(Transcribe(), START, *chunks(SPEECH), STOP)
        assert (await transcript(wire)).text == expected.text
        await until(lambda: requests(service, "answered") == 2)
    assert requests(service, "abandoned") == 1


def heard_chunks(service: FunasrService, count: int) -> bool:
    """Whether so many chunks were heard, and nothing is being recognized."""
    recognitions = service.pipelines[0].recognitions
    is_idle = recognitions.depth + recognitions.running == 0
    return service.ears.stats.finished == count and is_idle


async def read_until_stop(wire: Wire) -> list[Event]:
    events: list[Event] = []
    while not events or events[-1].type != "transcript-stop":
        event = await wire.read()
        assert event is not None
        events.append(event)
    return events


async def test_partial_transcripts_are_the_final_text_in_chunks(
    make_service: ServiceMaker,
) -> None:
    service = make_service("--model-dir", "demo", "--partial-transcripts", WITHOUT)
    async with running(service) as port, connect(port) as wire:
        await wire.send(Describe())
        info = Info.from_event(await wire.read_type("info"))
        await wire.send(Transcribe(language="en"), START)
        pcm = read_pcm(DATA / "kitchen_light_off_en.wav")
        for count, chunk in enumerate(chunks(pcm, 9_600), start=1):
            await wire.send(chunk)
            await until(partial(heard_chunks, service, count))
        await wire.send(STOP)
        events = await read_until_stop(wire)
    assert info.asr[0].supports_transcript_streaming is True
    types = [event.type for event in events]
    assert types[0] == "transcript-start" and types[-2:] == ["transcript", "transcript-stop"]
    texts = [TranscriptChunk.from_event(event).text for event in events[1:-2]]
    assert len(texts) >= 2
    assert "".join(texts) == Transcript.from_event(events[-2]).text


async def test_no_speech_gives_empty_partial_transcripts(make_service: ServiceMaker) -> None:
    async with running(make_service("--partial-transcripts")) as port, connect(port) as wire:
        await wire.send(START, *chunks(silence(1)), STOP)
        events = await read_until_stop(wire)
    assert [event.type for event in events] == ["transcript-start", "transcript", "transcript-stop"]


async def test_voice_events_say_when(make_service: ServiceMaker) -> None:
    async with running(make_service("--voice-events")) as port, connect(port) as wire:
        await wire.send(START, *chunks(silence(1) + SPEECH + silence(1)))
        started = await wire.read_type("voice-started")
        stopped = await wire.read_type("voice-stopped")
        heard = await transcript(wire)
        await wire.send(STOP, START, *chunks(silence(1)), STOP)
        assert (await transcript(wire)).text == ""
    assert 900 < started.data["timestamp"] < 1_500
    assert heard.context is not None
    assert stopped.data["timestamp"] == heard.context["speech_end_ms"]


async def test_with_fsmn_vad_the_service_finds_endpoints_too(
    make_service: ServiceMaker, tiny_fsmn_vad: Path, cache_dir: Path
) -> None:
    assert FSMN_VAD.modelscope is not None
    cached = cache_dir / FSMN_VAD.modelscope.replace("/", "--")
    shutil.copytree(tiny_fsmn_vad, cached)
    async with running(make_service("--no-use-external-vad")) as port, connect(port) as wire:
        await wire.send(Describe())
        info = Info.from_event(await wire.read_type("info"))
        await wire.send(START, *chunks(SPEECH + silence(2)), STOP)
        heard = await transcript(wire)
    assert info.asr[0].requires_external_vad is False
    assert ended_by(heard) in ("silence", "audio-stop")  # the tiny model hears what it likes
