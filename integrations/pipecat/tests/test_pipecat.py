"""Pipecat's pipelines against running servers, with recordings of people."""

import asyncio
import runpy
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlparse

import numpy as np
import pytest

from tests.support.relay import Relay
from tests.support.speech import DATA, noise, read_pcm
from wyoming_serving.audio import encode_pcm16

pytest.importorskip("pipecat.frames.frames", reason="pipecat-ai is not installed")
pytest.importorskip("pipecat_wyoming", reason="pipecat-wyoming is not installed")

from pipecat.frames.frames import (
    EagerTranscriptionFrame,
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    InterruptionFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    ProposedUserStartedSpeakingFrame,
    ProposedUserStoppedSpeakingFrame,
    STTUpdateSettingsFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    TTSStoppedFrame,
    TTSTextFrame,
    TTSUpdateSettingsFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.workers.runner import WorkerRunner
from pipecat_wyoming import WyomingSTTService, WyomingTTSService

EXAMPLE = Path(__file__).parents[1] / "examples/bot.py"
KITCHEN = read_pcm(DATA / "kitchen_light_off_en.wav")
BEDROOM = read_pcm(DATA / "bedroom_light_off_zh.wav")
QUIET = encode_pcm16(noise(1.0, 0.0005))
TEXT = "Hello there. The light is on now."
WAIT_SECONDS = 30.0

Kind = TypeVar("Kind", bound=Frame)


class Passage(FrameProcessor):
    """Keeps what passes, and passes it on."""

    def __init__(self) -> None:
        super().__init__()
        self.passed: list[Frame] = []
        self._changed = asyncio.Event()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        self.passed.append(frame)
        self._changed.set()
        await self.push_frame(frame, direction)

    def all(self, *kinds: type[Kind]) -> list[Kind]:
        return [frame for frame in self.passed if isinstance(frame, kinds)]

    async def wait_for(self, kind: type[Kind], count: int = 1) -> list[Kind]:
        """Wait until so many frames of a kind have passed."""
        async with asyncio.timeout(WAIT_SECONDS):
            while len(self.all(kind)) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.all(kind)


class Run:
    """A pipeline that runs."""

    def __init__(self, worker: PipelineWorker, sink: Passage) -> None:
        self._worker = worker
        self.sink = sink

    async def put(self, *frames: Frame) -> None:
        await self._worker.queue_frames(list(frames))

    async def hear(self, pcm: bytes) -> None:
        """Put audio into it, in frames of 20 ms."""
        size = 640
        chunks = [pcm[at : at + size] for at in range(0, len(pcm), size)]
        await self.put(*[InputAudioRawFrame(chunk, 16_000, 1) for chunk in chunks])


@asynccontextmanager
async def running(pipeline: Pipeline, sink: Passage) -> AsyncIterator[Run]:
    params = PipelineParams(audio_in_sample_rate=16_000, audio_out_sample_rate=24_000)
    worker = PipelineWorker(pipeline, params=params, cancel_on_idle_timeout=False)
    is_started = asyncio.Event()

    @worker.event_handler("on_pipeline_started")
    async def started(*_: object) -> None:
        is_started.set()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    task = asyncio.create_task(runner.run())
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await is_started.wait()
        yield Run(worker, sink)
    finally:
        await worker.cancel()
        await task


def through(service: FrameProcessor) -> Any:
    sink = Passage()
    return running(Pipeline([Passage(), service, sink]), sink)


def texts(frames: Sequence[TranscriptionFrame]) -> list[str]:
    return [frame.text for frame in frames]


async def test_turns_are_proposed_around_transcripts(listen_url: str) -> None:
    async with through(WyomingSTTService(url=listen_url)) as run:
        await run.hear(KITCHEN + QUIET + BEDROOM + QUIET)
        english, chinese = await run.sink.wait_for(TranscriptionFrame, 2)
        await run.sink.wait_for(ProposedUserStoppedSpeakingFrame, 2)
        order = [
            type(frame)
            for frame in run.sink.all(
                ProposedUserStartedSpeakingFrame,
                ProposedUserStoppedSpeakingFrame,
                TranscriptionFrame,
            )
        ]
    assert english.text == "Turn off the kitchen light." and "灯" in chinese.text
    assert (english.language, chinese.language) == ("en", "zh")
    assert english.result["emotion"] == "neutral" and english.result["words"]
    assert order.index(TranscriptionFrame) < order.index(ProposedUserStoppedSpeakingFrame)
    assert order.count(ProposedUserStartedSpeakingFrame) == 2


async def test_the_text_so_far(listen_url: str) -> None:
    settings = WyomingSTTService.Settings(silence_ms=2_000, language="en")
    service = WyomingSTTService(url=listen_url, settings=settings, enable_eager_end_of_turn=True)
    async with through(service) as run:
        await run.hear(KITCHEN + QUIET)
        (eager,) = await run.sink.wait_for(EagerTranscriptionFrame)
        await run.hear(QUIET + QUIET)
        (final,) = await run.sink.wait_for(TranscriptionFrame)
        interim = run.sink.all(InterimTranscriptionFrame)
    assert eager.text == final.text == "Turn off the kitchen light."
    assert all(frame.text for frame in interim)


async def test_the_vad_of_pipecat_may_end_utterances(listen_url: str) -> None:
    service = WyomingSTTService(url=listen_url, turn_detection=False)
    async with through(service) as run:
        await run.hear(KITCHEN)  # and nothing more comes
        await run.put(VADUserStoppedSpeakingFrame())
        (final,) = await run.sink.wait_for(TranscriptionFrame)
        assert not run.sink.all(ProposedUserStartedSpeakingFrame)
    assert final.text == "Turn off the kitchen light." and final.finalized


async def test_settings_change_while_it_listens(listen_url: str) -> None:
    async with through(WyomingSTTService(url=listen_url)) as run:
        await run.hear(BEDROOM + QUIET)
        await run.sink.wait_for(TranscriptionFrame)
        changed = WyomingSTTService.Settings(language="zh-TW", names=["臥室"])
        await run.put(STTUpdateSettingsFrame(delta=changed), LLMTextFrame("behind it"))
        await run.sink.wait_for(LLMTextFrame)
        await run.hear(BEDROOM + QUIET)
        first, second = await run.sink.wait_for(TranscriptionFrame, 2)
    assert "灯" in first.text and "燈" in second.text


async def test_a_lost_connection_is_made_again(listen_url: str) -> None:
    relay = Relay(urlparse(listen_url).port or 0)
    async with relay.url() as url:
        async with through(WyomingSTTService(url=url)) as run:
            await run.hear(BEDROOM)
            await run.sink.wait_for(ProposedUserStartedSpeakingFrame)
            relay.cut()
            await run.sink.wait_for(ProposedUserStoppedSpeakingFrame)
            async with asyncio.timeout(WAIT_SECONDS):
                while not run.sink.all(TranscriptionFrame):
                    await run.hear(KITCHEN + QUIET)
                    await asyncio.sleep(1)
            finals = run.sink.all(TranscriptionFrame)
    assert finals[0].text.endswith("light.") and relay.connections >= 2


async def test_what_is_said_before_the_server_is_ready_is_heard(listen_url: str) -> None:
    relay = Relay(urlparse(listen_url).port or 0)
    relay.answers.clear()
    async with relay.url() as url:
        async with through(WyomingSTTService(url=url)) as run:
            await run.hear(KITCHEN + QUIET)
            await run.sink.wait_for(InputAudioRawFrame, len(KITCHEN + QUIET) // 640)
            relay.answers.set()
            (final,) = await run.sink.wait_for(TranscriptionFrame)
    assert final.text.endswith("light.")


async def test_what_is_refused_is_told(listen_url: str) -> None:
    source = Passage()
    settings = WyomingSTTService.Settings(language="tlh")
    service = WyomingSTTService(url=listen_url, settings=settings)
    sink = Passage()
    async with running(Pipeline([source, service, sink]), sink):
        (error, *_) = await source.wait_for(ErrorFrame)
    assert "unsupported-language" in error.error


def sound(run: Run) -> np.ndarray:
    audio = b"".join(frame.audio for frame in run.sink.all(TTSAudioRawFrame))
    return np.frombuffer(audio, np.int16)


def written(run: Run) -> str:
    """The text of the words that were spoken, as a context keeps it."""
    return " ".join((frame.raw_text or "").strip() for frame in run.sink.all(TTSTextFrame))


async def test_a_text_is_spoken_with_its_words(speak_url: str) -> None:
    settings = WyomingTTSService.Settings(language="en")
    async with through(WyomingTTSService(url=speak_url, settings=settings)) as run:
        await run.put(TTSSpeakFrame(TEXT))
        await run.sink.wait_for(TTSStoppedFrame)
        words = run.sink.all(TTSTextFrame)
        assert written(run) == TEXT
        assert {frame.sample_rate for frame in run.sink.all(TTSAudioRawFrame)} == {24_000}
        assert np.abs(sound(run)).max() > 1_000
    assert [frame.text for frame in words] == ["hello", "there", "the", "light", "is", "on", "now"]
    times = [frame.pts or 0 for frame in words]
    assert times == sorted(times)


async def test_an_interruption_stops_the_server(speak_url: str) -> None:
    settings = WyomingTTSService.Settings(language="en")
    async with through(WyomingTTSService(url=speak_url, settings=settings)) as run:
        await run.put(TTSSpeakFrame("The light in the kitchen is on now. " * 50))
        await run.sink.wait_for(TTSAudioRawFrame)
        await run.put(InterruptionFrame())
        await run.sink.wait_for(InterruptionFrame)
        run.sink.passed.clear()
        await run.put(TTSSpeakFrame(TEXT))
        await run.sink.wait_for(TTSStoppedFrame)
        assert written(run) == TEXT
        assert 1 < len(sound(run)) / 24_000 < 6


async def test_voices_change_and_a_wrong_one_is_told(speak_url: str) -> None:
    source, sink = Passage(), Passage()
    service = WyomingTTSService(url=speak_url)
    async with running(Pipeline([source, service, sink]), sink) as run:
        await run.put(TTSUpdateSettingsFrame(delta=WyomingTTSService.Settings(voice="nobody")))
        (error, *_) = await source.wait_for(ErrorFrame)
        assert "unknown-voice" in error.error
        await run.put(TTSUpdateSettingsFrame(delta=WyomingTTSService.Settings(voice=None)))
        await run.put(TTSSpeakFrame(TEXT))
        await run.sink.wait_for(TTSStoppedFrame)
        assert np.abs(sound(run)).max() > 1_000


class Answering(FrameProcessor):
    """A language model that says always the same."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        await self.push_frame(LLMFullResponseStartFrame())
        for word in ("The ", "light ", "is ", "off."):
            await self.push_frame(LLMTextFrame(word))
        await self.push_frame(LLMFullResponseEndFrame())


async def test_the_bot_of_the_example_answers(
    listen_url: str, speak_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STT_URL", listen_url)
    monkeypatch.setenv("TTS_URL", speak_url)
    make_pipeline: Callable[..., Pipeline] = runpy.run_path(str(EXAMPLE))["make_pipeline"]
    sink = Passage()
    async with running(make_pipeline(Passage(), Answering(), sink), sink) as run:
        await run.hear(KITCHEN + QUIET)
        await run.sink.wait_for(TTSStoppedFrame)
        assert written(run) == "The light is off."
        assert np.abs(sound(run)).max() > 1_000
