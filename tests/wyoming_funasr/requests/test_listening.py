"""Many utterances in one stream of audio, with the demo model and without a socket."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

import pytest

from tests.support.speech import DATA, noise, read_pcm
from tests.support.waiting import until
from tests.wyoming_funasr.conftest import ServiceMaker
from wyoming_funasr.requests.endpointing import EndedBy
from wyoming_funasr.requests.events import Final, Partial, Preflight, SpeechEnded, SpeechStarted
from wyoming_funasr.requests.listening import (
    MAX_WAITING_SECONDS,
    Cancelled,
    Failed,
    ListeningEvent,
    ListeningSession,
)
from wyoming_funasr.requests.options import RequestOptions
from wyoming_funasr.service import FunasrService
from wyoming_serving.audio import PcmFormat, encode_pcm16
from wyoming_serving.errors import ErrorCode
from wyoming_serving.reports import Moment, RequestReport
from wyoming_serving.service import running

PCM = PcmFormat(16_000, 2, 1)
KITCHEN = read_pcm(DATA / "kitchen_light_off_en.wav")
BEDROOM = read_pcm(DATA / "bedroom_light_off_zh.wav")
QUIET = encode_pcm16(noise(1.0, 0.0005))
THREE = KITCHEN + QUIET + BEDROOM + QUIET + KITCHEN + QUIET


class Heard:
    """A session, and what it reported."""

    def __init__(self, service: FunasrService, options: RequestOptions) -> None:
        self.service = service
        self.events: list[tuple[int, ListeningEvent]] = []
        self.reports: list[RequestReport] = []
        begin = partial(service.begin_utterance, is_one_of_many=True)
        self.session = ListeningSession(begin, options, self, self.reports.append)

    async def take(self, utterance: int, event: ListeningEvent) -> None:
        self.events.append((utterance, event))

    async def accept(self, pcm: bytes, size: int = 3200) -> None:
        for at in range(0, len(pcm), size):
            await self.session.accept(PCM, pcm[at : at + size])

    @property
    def finals(self) -> list[Final]:
        return [event for _, event in self.events if isinstance(event, Final)]

    @property
    def texts(self) -> list[str]:
        return [final.recognition.text for final in self.finals]


@asynccontextmanager
async def listening(service: FunasrService, **changed: object) -> AsyncIterator[Heard]:
    """A session with a service of its own, until the block ends."""
    async with running(service), session(service, **changed) as heard:
        yield heard


@asynccontextmanager
async def session(service: FunasrService, **changed: object) -> AsyncIterator[Heard]:
    """A session that runs until the block ends; then it is closed, and all of it answered."""
    options = replace(service.options.read({}), **changed)  # type: ignore[arg-type]
    heard = Heard(service, options)
    running_ = asyncio.create_task(heard.session.run())
    try:
        yield heard
        heard.session.close()
        async with asyncio.timeout(60):
            await running_
    finally:
        running_.cancel()
        await asyncio.gather(running_, return_exceptions=True)


@pytest.fixture
def demo(make_service: ServiceMaker) -> ServiceMaker:
    return partial(make_service, "--model-dir", "demo")


async def alone(service: FunasrService, pcm: bytes) -> str:
    """What a session hears that hears nothing else."""
    async with listening(service) as heard:
        await heard.accept(pcm)
    return heard.texts[0]


@pytest.mark.parametrize("size", [3200, 31_999, 10**7])
async def test_one_stream_has_many_utterances(demo: ServiceMaker, size: int) -> None:
    expected = [await alone(demo(), KITCHEN), await alone(demo(), BEDROOM)]
    async with listening(demo()) as heard:
        await heard.accept(THREE, size)
    assert heard.texts == [*expected, expected[0]]
    assert [final.ended_by for final in heard.finals] == [EndedBy.SILENCE] * 3
    assert [report.outcome for report in heard.reports] == ["answered"] * 3
    assert {report.kind for report in heard.reports} == {"listen"}


async def test_a_report_says_what_happened_when(demo: ServiceMaker) -> None:
    async with listening(demo(), silence_ms=None, preflight=True) as heard:
        await heard.accept(KITCHEN + QUIET)
        await until(lambda: any(isinstance(event, Preflight) for _, event in heard.events))
        await heard.session.flush()
    (report,), (final,) = heard.reports, heard.finals
    assert list(report.moments) == [
        Moment.SPECULATION, Moment.SPEECH_START, Moment.SPEECH_END, Moment.END, Moment.RESULT,
    ]  # fmt: skip
    moments = report.moments
    assert moments[Moment.SPEECH_START] < moments[Moment.SPEECH_END]
    assert moments[Moment.SPEECH_END] < moments[Moment.SPECULATION] <= moments[Moment.END]
    assert moments[Moment.END] == final.audio_ms <= moments[Moment.RESULT]


async def test_times_count_from_the_first_audio(demo: ServiceMaker) -> None:
    async with listening(demo()) as heard:
        await heard.accept(THREE)
    second_ms = len(KITCHEN + QUIET) // 32
    final = heard.finals[1]
    assert final.audio_start_ms < second_ms <= final.audio_start_ms + 1000
    assert final.speech_start_ms is not None and final.speech_end_ms is not None
    assert second_ms <= final.speech_start_ms < final.speech_end_ms
    assert final.speech_end_ms <= second_ms + len(BEDROOM) // 32
    end_ms = final.audio_start_ms + final.audio_ms
    *words, full_stop = final.recognition.words
    for word in words:
        assert second_ms <= word.start_ms < word.end_ms <= final.speech_end_ms + 200
    assert words[-1].end_ms <= full_stop.start_ms < full_stop.end_ms <= end_ms


async def test_the_events_of_one_utterance_end_before_the_next_begins(demo: ServiceMaker) -> None:
    async with listening(demo(), partials=True, preflight=True) as heard:
        await heard.accept(THREE)
    numbers = [number for number, _ in heard.events]
    assert numbers == sorted(numbers) and set(numbers) == {1, 2, 3}
    for number in (1, 2, 3):
        kinds = [type(event) for other, event in heard.events if other == number]
        assert kinds[0] is SpeechStarted
        assert kinds[-2:] == [SpeechEnded, Final]
        assert set(kinds[1:-2]) <= {Partial, Preflight}


async def test_what_was_recognized_ahead_is_reported_first(demo: ServiceMaker) -> None:
    async with listening(demo(), silence_ms=None, preflight=True) as heard:
        await heard.accept(KITCHEN + QUIET)
        await until(lambda: any(isinstance(event, Preflight) for _, event in heard.events))
        assert not heard.finals
        await heard.session.flush()
    found = [event for _, event in heard.events if isinstance(event, Preflight)]
    assert found[-1].recognition.text == heard.texts[0] != ""
    assert heard.service.pipelines[0].recognitions.stats.finished == len(found)


async def test_a_flush_ends_the_utterance_at_its_place(demo: ServiceMaker) -> None:
    expected = await alone(demo(), KITCHEN)
    async with listening(demo(), silence_ms=None) as heard:
        for _ in range(3):
            await heard.accept(KITCHEN, 10**7)
            await heard.session.flush()
    assert heard.texts == [expected] * 3
    assert [final.ended_by for final in heard.finals] == [EndedBy.FLUSH] * 3
    assert [final.audio_start_ms for final in heard.finals] == [
        len(KITCHEN) // 32 * count for count in range(3)
    ]


async def test_a_flush_is_always_answered(demo: ServiceMaker) -> None:
    async with listening(demo()) as heard:
        await heard.session.flush()
        await heard.accept(QUIET)
        await heard.session.flush()
        await heard.accept(KITCHEN + QUIET + QUIET, 10**7)
        await heard.session.flush()
    assert [final.ended_by for final in heard.finals] == [
        EndedBy.FLUSH, EndedBy.FLUSH, EndedBy.SILENCE, EndedBy.FLUSH,
    ]  # fmt: skip
    assert [bool(text) for text in heard.texts] == [False, False, True, False]


async def test_half_a_sample_before_a_flush_belongs_to_the_next_utterance(
    demo: ServiceMaker,
) -> None:
    expected = await alone(demo(), KITCHEN)
    async with listening(demo(), silence_ms=None) as heard:
        await heard.session.accept(PCM, QUIET + KITCHEN[:1])
        await heard.session.flush()
        await heard.accept(KITCHEN[1:])
    assert heard.texts == ["", expected]


async def test_silence_is_no_utterance(demo: ServiceMaker) -> None:
    service = demo("--no-speech-seconds", "1", "--max-utterance-seconds", "5")
    async with listening(service) as heard:
        await heard.accept(QUIET * 10)
    assert heard.events == [] and heard.reports == []


@pytest.mark.parametrize("lead_ms", [700, 900, 1000, 1100, 1300])
async def test_speech_is_whole_wherever_silence_was_given_up(
    demo: ServiceMaker, lead_ms: int
) -> None:
    expected = await alone(demo(), QUIET + KITCHEN)
    service = demo("--no-speech-seconds", "1")
    async with listening(service) as heard:
        await heard.accept((QUIET * 2)[: lead_ms * 32] + KITCHEN + QUIET)
    assert heard.texts == [expected]


async def test_noise_ends_as_speech_does(make_service: ServiceMaker) -> None:
    service = make_service("--min-confidence", "1")  # nothing is taken for speech
    async with listening(service) as heard:
        await heard.accept(KITCHEN + QUIET + KITCHEN + QUIET)
    assert heard.texts == ["", ""]
    assert [final.ended_by for final in heard.finals] == [EndedBy.SILENCE] * 2


async def test_an_utterance_over_the_limit_goes_on_as_another(demo: ServiceMaker) -> None:
    async with listening(demo("--max-utterance-seconds", "1.5"), silence_ms=None) as heard:
        await heard.accept(KITCHEN * 2)
    assert [final.ended_by for final in heard.finals[:-1]] == [EndedBy.LIMIT] * (
        len(heard.finals) - 1
    )
    assert [final.audio_start_ms for final in heard.finals] == [
        1500 * count for count in range(len(heard.finals))
    ]
    assert sum(final.audio_ms for final in heard.finals) == len(KITCHEN) * 2 // 32


async def test_nothing_more_is_reported_of_what_is_cancelled(demo: ServiceMaker) -> None:
    expected = await alone(demo(), KITCHEN)
    async with listening(demo(), partials=True) as heard:
        await heard.accept(BEDROOM)
        await until(lambda: bool(heard.events))
        await heard.session.cancel()
        (number, last), count = heard.events[-1], len(heard.events)
        assert (number, last) == (1, Cancelled())
        await heard.accept(KITCHEN + QUIET)
    assert {number for number, _ in heard.events[count:]} == {2}
    assert heard.texts == [expected]
    assert [report.outcome for report in heard.reports] == ["abandoned", "answered"]


async def test_options_change_at_their_place_in_the_audio(demo: ServiceMaker) -> None:
    taiwan = {"language": "zh-TW"}
    async with listening(demo()) as heard:
        await heard.accept(BEDROOM + QUIET, 10**7)
        await heard.session.configure(heard.service.options.read(taiwan))
        await heard.accept(BEDROOM + QUIET, 10**7)
        await heard.session.cancel()
    async with listening(demo()) as heard:
        await heard.accept(BEDROOM + QUIET, 10**7)
        await heard.session.configure(heard.service.options.read(taiwan))
        await heard.accept((BEDROOM + QUIET) * 2, 10**7)
    plain, *changed = heard.texts
    assert "灯" in plain and ["燈" in text for text in changed] == [True, True]


async def test_options_outlive_a_cancelled_utterance(demo: ServiceMaker) -> None:
    async with listening(demo()) as heard:
        await heard.accept(BEDROOM)
        await heard.session.configure(heard.service.options.read({"language": "zh-TW"}))
        await heard.session.cancel()
        await heard.accept(BEDROOM + QUIET)
    assert "燈" in heard.texts[0]


def held(release: threading.Event) -> None:
    """The work of a worker that is busy for as long as a test wants."""
    assert release.wait(60)


async def test_who_sends_too_fast_waits(demo: ServiceMaker) -> None:
    service, release = demo(), threading.Event()
    async with listening(service) as heard:
        holding = asyncio.create_task(service.ears.submit(partial(held, release)))
        pcm = THREE * 4
        sending = asyncio.create_task(heard.accept(pcm))
        done, _ = await asyncio.wait({sending}, timeout=0.2)
        assert not done and len(pcm) / 32_000 > MAX_WAITING_SECONDS
        release.set()
        await asyncio.gather(holding, sending)
    assert len(heard.finals) == 12


async def test_a_full_queue_fails_one_utterance(demo: ServiceMaker) -> None:
    service = demo("--max-queue", "1", "--max-batch", "1", "--speculation-silence-ms", "0")
    release = threading.Event()
    async with (
        running(service),
        session(service) as first,
        session(service) as second,
        session(service) as third,
    ):
        recognitions = service.pipelines[0].local
        holding = asyncio.create_task(recognitions.call(partial(held, release)))
        await first.accept(KITCHEN + QUIET)
        await until(lambda: recognitions.running == 1)
        await second.accept(KITCHEN + QUIET)
        await until(lambda: recognitions.depth == 1)
        await third.accept(KITCHEN + QUIET)
        await until(lambda: any(isinstance(event, Failed) for _, event in third.events))
        release.set()
        await holding
        await until(lambda: recognitions.depth == recognitions.running == 0)
        await third.accept(KITCHEN + QUIET)
    failed = [event for _, event in third.events if isinstance(event, Failed)]
    assert [event.code for event in failed] == [ErrorCode.QUEUE_FULL]
    assert first.texts == second.texts == third.texts != [""]
    assert [report.outcome for report in third.reports] == ["queue-full", "answered"]
