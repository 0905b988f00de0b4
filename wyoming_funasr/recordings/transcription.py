"""Whole recordings, recognized beside what people are saying now, which always goes first."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import BinaryIO, Protocol, TypeVar

from wyoming_funasr.audio.frontend import Frontend
from wyoming_funasr.recognition.home import HomeContext
from wyoming_funasr.recognition.hotwords import Hotword
from wyoming_funasr.recognition.recognizer import RecognitionRequest
from wyoming_funasr.recognition.types import Recognition
from wyoming_funasr.recordings.cutting import Cutter, Stretch
from wyoming_funasr.recordings.decoding import Pieces, decode
from wyoming_serving.job_queue import JobTiming
from wyoming_serving.reports import RequestReport, Stage
from wyoming_serving.scheduler import BatchLimits, Scheduler, each

RECORDING_PRIORITY = 2
"""Behind what is spoken now, its partial transcripts included."""

_WORKERS = 2

_WAITING = 2
"""Times what the device runs at once: it finds the next batch when it has done one."""

Value = TypeVar("Value")


class RecordingPipeline(Protocol):
    """The workers and the model, as recordings need them."""

    @property
    def most_running(self) -> int:
        """How many recognitions the device runs at one time."""

    async def frontend(self) -> Frontend:
        """Returns the model's front-end.

        Raises:
            ServiceError: `not-ready`.
        """

    async def recognize(
        self,
        request: RecognitionRequest,
        priority: float = 0,
        timing: JobTiming | None = None,
        *,
        admitted: bool = False,
    ) -> Recognition:
        """Recognize speech.

        Raises:
            QueueFull: `queue-full`, unless it continues `admitted` work.
        """


@dataclass(frozen=True)
class RecordingOptions:
    """How a recording is recognized."""

    language: str = "auto"
    languages: tuple[str, ...] = ()
    """Those that `auto` may mean; none are all of the model's."""
    use_itn: bool = True
    hotwords: tuple[Hotword, ...] = ()
    home: HomeContext | None = None


@dataclass(frozen=True)
class TranscribedStretch:
    """What was said between two pauses; all times are in milliseconds of the recording."""

    start_ms: int
    end_ms: int
    recognition: Recognition


class Recordings:
    """Decodes and cuts recordings in workers of its own; many may be under way at once."""

    def __init__(self, longest_segment_ms: int, job_seconds: float) -> None:
        self._longest_segment_ms = longest_segment_ms
        self._work: Scheduler[Callable[[], None], None] = Scheduler(
            each(lambda job: job()),
            BatchLimits(workers=_WORKERS, max_jobs=1, job_seconds=job_seconds),
            name="recordings",
        )
        self._places: dict[RecordingPipeline, asyncio.Semaphore] = {}
        """Of stretches that wait or run, for each model that was asked."""

    def start(self) -> None:
        """Begin to work; needs a running event loop."""
        self._work.start()

    async def close(self) -> None:
        """Stop the workers."""
        await self._work.close()

    async def call(self, function: Callable[[], Value]) -> Value:
        """Run a short piece of a recording's work in a worker, and wait for it.

        A caller that is cancelled waits, too: no thread can be stopped, and what comes next, be it
        only to close the file, must not meet it there.
        """
        results: list[Value] = []
        work = asyncio.create_task(
            self._work.submit(lambda: results.append(function()), admitted=True)
        )
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.gather(work, return_exceptions=True)
            raise
        return results[0]

    async def transcribe(
        self,
        pipeline: RecordingPipeline,
        file: BinaryIO,
        options: RecordingOptions,
        report: RequestReport,
    ) -> AsyncGenerator[TranscribedStretch, None]:
        """Yields what is said in a file, in order, while the rest is still being recognized.

        What is held of all files together does not depend on their lengths. Close the generator,
        as by `contextlib.aclosing`, before the file.

        Raises:
            ServiceError: `audio-invalid`, `not-ready`, `engine-failed`.
        """
        frontend = await pipeline.frontend()
        reader = _Reader(file, Cutter(frontend.open, self._longest_segment_ms))
        pending: deque[asyncio.Task[TranscribedStretch]] = deque()
        try:
            while not reader.is_at_end:
                for stretch in await self._read(reader, report):
                    pending.append(await self._begin(pipeline, stretch, options, report))
                while pending and pending[0].done():
                    yield pending.popleft().result()
            while pending:
                yield await pending.popleft()
        finally:
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
            await self.call(reader.close)

    async def _read(self, reader: "_Reader", report: RequestReport) -> list[Stretch]:
        started = asyncio.get_running_loop().time()
        stretches = await self.call(reader.read)
        report.add(Stage.FEATURES, asyncio.get_running_loop().time() - started)
        report.audio_seconds = reader.seconds
        return stretches

    async def _begin(
        self,
        pipeline: RecordingPipeline,
        stretch: Stretch,
        options: RecordingOptions,
        report: RequestReport,
    ) -> asyncio.Task[TranscribedStretch]:
        """Recognize a stretch as soon as few enough of all recordings wait."""
        if pipeline not in self._places:
            self._places[pipeline] = asyncio.Semaphore(_WAITING * pipeline.most_running)
        places = self._places[pipeline]
        await places.acquire()
        recognized = _recognized(pipeline, stretch, options, report)
        task = asyncio.create_task(recognized, name="recording")
        task.add_done_callback(lambda _: places.release())
        return task


async def _recognized(
    pipeline: RecordingPipeline,
    stretch: Stretch,
    options: RecordingOptions,
    report: RequestReport,
) -> TranscribedStretch:
    request = RecognitionRequest(
        stretch.segments,
        options.language,
        options.use_itn,
        options.hotwords,
        languages=options.languages,
        home=options.home,
    )
    timing = JobTiming()
    recognition = await pipeline.recognize(request, RECORDING_PRIORITY, timing, admitted=True)
    report.add(Stage.QUEUE, timing.queue_seconds)
    report.add(Stage.RECOGNITION, timing.run_seconds)
    return TranscribedStretch(stretch.start_ms, stretch.end_ms, recognition)


class _Reader:
    """A recording that is decoded and cut a piece at a time, in a worker."""

    def __init__(self, file: BinaryIO, cutter: Cutter) -> None:
        self._pieces: Pieces = decode(file)
        self._cutter = cutter
        self.is_at_end = False

    @property
    def seconds(self) -> float:
        """Length of what was read."""
        return self._cutter.seconds

    def read(self) -> list[Stretch]:
        """Returns what the next piece completes.

        Raises:
            ServiceError: `audio-invalid`.
        """
        piece = next(self._pieces, None)
        if piece is not None:
            return list(self._cutter.take(piece))
        self.is_at_end = True
        return list(self._cutter.finish())

    def close(self) -> None:
        self._pieces.close()
