"""One utterance, followed from its first audio to its transcript."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import Protocol

from wyoming.event import Eventable

from wyoming_funasr.audio.pcm import PcmBlock, PcmInbox
from wyoming_funasr.audio.utterance import UtteranceAudio
from wyoming_funasr.recognition.home import HomeContext
from wyoming_funasr.recognition.recognizer import RecognitionRequest
from wyoming_funasr.recognition.types import Recognition
from wyoming_funasr.requests.completeness import judge_by_ending
from wyoming_funasr.requests.endpointing import Decision, EndedBy, Endpointing, EndpointRules
from wyoming_funasr.requests.options import RequestOptions
from wyoming_funasr.requests.partials import Hypothesis, PartialTranscripts
from wyoming_funasr.requests.speculation import Speculation, SpeculationOutcome
from wyoming_funasr.requests.transcript import build_transcript, in_script, transcript_context
from wyoming_funasr.requests.voice_events import VoiceEvents
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.audio import PcmFormat
from wyoming_serving.job_queue import JobTiming
from wyoming_serving.reports import RequestReport, Stage
from wyoming_serving.session import RequestOutcome

PARTIAL_PRIORITY = 1
"""Behind every recognition that may be the answer."""


class Pipeline(Protocol):
    """The workers and the model, as an utterance needs them."""

    async def open(self) -> UtteranceAudio:
        """Begin an utterance, once the model is loaded.

        Raises:
            ServiceError: `not-ready`, when that takes too long.
        """

    async def accept(
        self,
        audio: UtteranceAudio,
        block: PcmBlock | None,
        *,
        last: bool,
        timing: JobTiming | None = None,
    ) -> None:
        """Compute features and voice activity of an utterance's next audio.

        Raises:
            QueueFull: `queue-full`.
        """

    async def recognize(
        self, request: RecognitionRequest, priority: float = 0, timing: JobTiming | None = None
    ) -> Recognition:
        """Recognize speech.

        Raises:
            QueueFull: `queue-full`.
        """

    def count_speculation(self, outcome: SpeculationOutcome) -> None:
        """Count a recognition that was begun ahead."""


class UtteranceState(Enum):
    """Where an utterance is in its life; it moves downward only."""

    OPEN = auto()
    """Audio may follow."""
    CLOSED = auto()
    """No audio follows, and what comes all the same is dropped."""
    ANSWERED = auto()
    ABANDONED = auto()
    """Its client began another request in its place: there is no answer."""


class Utterance:
    """Takes an utterance's audio while it is spoken, and recognizes it in its pauses.

    `accept`, `close` and `abandon` only take note; `run` does the work.
    """

    def __init__(
        self,
        options: RequestOptions,
        settings: FunasrSettings,
        pipeline: Pipeline,
        send: Callable[[Eventable], Awaitable[None]],
        home: HomeContext | None = None,
    ) -> None:
        self._options = options
        self._home = home
        self._settings = settings
        self._pipeline = pipeline
        self._send = send
        self.report = RequestReport("transcribe", options.language_tag or options.language)
        """What the utterance was and took, so far."""
        self._state = UtteranceState.OPEN
        self._ended_by = EndedBy.AUDIO_STOP
        self._accepted_at = 0.0
        self._changed = asyncio.Event()
        self._inbox = PcmInbox(settings.max_utterance_seconds)
        self._endpointing = Endpointing(
            _rules(options, settings, knows_home=home is not None), judge_by_ending
        )
        self._speculation = Speculation(self._recognize_timed, pipeline.count_speculation)
        self._voice_events = VoiceEvents(send) if settings.voice_events else None
        self._partials: PartialTranscripts | None = None
        if settings.partial_transcripts:
            window_ms = round(settings.partial_window_seconds * 1000)
            self._partials = PartialTranscripts(send, settings.partial_interval_ms, window_ms)

    @property
    def state(self) -> UtteranceState:
        """Where the utterance is in its life."""
        return self._state

    def accept(self, pcm: PcmFormat, data: bytes) -> None:
        """Take the next audio; beyond the longest utterance there is none."""
        if self._state is UtteranceState.OPEN:
            if not self._inbox.put(pcm, data):
                self.close(EndedBy.LIMIT)
            self._changed.set()

    def close(self, ended_by: EndedBy) -> None:
        """No audio follows."""
        if self._state is UtteranceState.OPEN:
            self._state = UtteranceState.CLOSED
            self._ended_by = ended_by
            self._changed.set()

    def abandon(self) -> None:
        """Nobody wants an answer any more."""
        if self._state is not UtteranceState.ANSWERED:
            self._state = UtteranceState.ABANDONED
            self._changed.set()

    async def run(self) -> RequestOutcome:
        """Follow the utterance and send its transcript.

        Raises:
            ServiceError: `not-ready` or `queue-full`.
        """
        try:
            audio = await self._follow()
            if not self._is_abandoned():
                await self._answer(audio)
            return RequestOutcome.ABANDONED if self._is_abandoned() else RequestOutcome.ANSWERED
        finally:
            await self._speculation.drop()
            if self._partials:
                await self._partials.stop()

    async def _follow(self) -> UtteranceAudio | None:
        """Take audio as it comes until the utterance is over; None if none came."""
        await self._wait_for_audio()
        if not self._inbox:
            return None
        audio = await self._pipeline.open()
        decision = Decision.NOTHING
        last = False
        while not last and not self._is_abandoned():
            last = await self._accept_next(audio)
            while audio.step():
                decision = await self._decide(audio)
                if decision in (Decision.END, Decision.GIVE_UP):
                    self._end(decision)
                    return audio
            if self._voice_events:
                await self._voice_events.update(audio)
            if not last and not self._inbox:
                await self._work_ahead(audio, decision)
        return audio

    async def _wait_for_audio(self) -> None:
        """Wait until audio is there or none follows."""
        while not self._inbox and self._state is UtteranceState.OPEN:
            self._changed.clear()
            await self._changed.wait()

    async def _accept_next(self, audio: UtteranceAudio) -> bool:
        """Take the next block; returns whether it was the last."""
        await self._wait_for_audio()
        block = self._inbox.take()
        last = not self._inbox and self._state is not UtteranceState.OPEN
        timing = JobTiming()
        await self._pipeline.accept(audio, block, last=last, timing=timing)
        self._accepted_at = asyncio.get_running_loop().time()
        self.report.add(Stage.FEATURES, timing.run_seconds)
        return last

    async def _decide(self, audio: UtteranceAudio) -> Decision:
        """What to do at the place reached; recognizes where only the text can tell."""
        speech = audio.state
        decision = self._endpointing.decide(speech, self._speculation.heard(speech.revision))
        if decision is Decision.RECOGNIZE:
            decision = self._endpointing.decide(speech, await self._recognize(audio))
        return decision

    def _end(self, decision: Decision) -> None:
        """The utterance is over here, whatever came behind it."""
        self._ended_by = EndedBy.SILENCE if decision is Decision.END else EndedBy.NO_SPEECH
        if self._state is UtteranceState.OPEN:
            self._state = UtteranceState.CLOSED

    async def _work_ahead(self, audio: UtteranceAudio, decision: Decision) -> None:
        """Use the time until more audio comes: for speculation, and for partial transcripts."""
        speech = audio.state
        await self._speculation.drop_other_than(speech.revision)
        if decision is Decision.SPECULATE:
            await self._speculation.begin(speech.revision, self._request(audio))
        elif self._partials and speech.revision and not speech.silence_ms:
            request = self._request(audio, is_final=False)
            self._partials.offer(speech.position_ms, lambda: self._hypothesis(request))

    async def _recognize_timed(self, request: RecognitionRequest) -> Recognition:
        """Recognize; the latest recognition, which replaces those before, is the report's."""
        timing = JobTiming()
        recognition = await self._pipeline.recognize(request, timing=timing)
        self.report.stages[Stage.QUEUE] = timing.queue_seconds
        self.report.stages[Stage.RECOGNITION] = timing.run_seconds
        return recognition

    async def _recognize(self, audio: UtteranceAudio) -> Recognition:
        return await self._speculation.finish(audio.state.revision, self._request(audio))

    async def _hypothesis(self, request: RecognitionRequest) -> Hypothesis:
        recognition = self._in_script(await self._pipeline.recognize(request, PARTIAL_PRIORITY))
        return Hypothesis(recognition.text, recognition.is_settled)

    async def _answer(self, audio: UtteranceAudio | None) -> None:
        loop = asyncio.get_running_loop()
        ended_at = loop.time()
        recognition = await self._recognize(audio) if audio else Recognition()
        if self._is_abandoned():
            return
        self._state = UtteranceState.ANSWERED
        self._speculation.take()
        if self._voice_events and audio:
            await self._voice_events.finish(audio)
        recognition = self._in_script(recognition)
        context = self._options.context | transcript_context(
            recognition,
            audio,
            ended_by=self._ended_by,
            recognition_seconds=loop.time() - ended_at,
        )
        transcript = build_transcript(recognition, self._options.language, context)
        if self._partials:
            await self._partials.finish(transcript)
        else:
            await self._send(transcript)
        self._complete_report(audio, recognition, ended_at)

    def _complete_report(
        self, audio: UtteranceAudio | None, recognition: Recognition, ended_at: float
    ) -> None:
        report, now = self.report, asyncio.get_running_loop().time()
        report.language = recognition.language or report.language
        report.text = recognition.text
        report.ended_by = str(self._ended_by)
        report.add(Stage.END_TO_RESULT, now - ended_at)
        if audio is None:
            return
        report.audio_seconds = audio.state.position_ms / 1000
        if audio.speech_end_ms is not None:
            heard_since = (audio.state.position_ms - audio.speech_end_ms) / 1000
            report.add(Stage.SPEECH_END_TO_TRANSCRIPT, heard_since + now - self._accepted_at)

    def _request(self, audio: UtteranceAudio, *, is_final: bool = True) -> RecognitionRequest:
        options = self._options
        return RecognitionRequest(
            audio.segments(),
            options.language,
            self._settings.use_itn,
            options.hotwords,
            is_final,
            self._settings.languages,
            self._home if is_final else None,
        )

    def _in_script(self, recognition: Recognition) -> Recognition:
        tag, script = self._options.language_tag, self._settings.chinese_script
        return in_script(recognition, tag, script, self._home)

    def _is_abandoned(self) -> bool:
        return self._state is UtteranceState.ABANDONED


def _rules(options: RequestOptions, settings: FunasrSettings, *, knows_home: bool) -> EndpointRules:
    complete_ms = unplaced_ms = None
    if knows_home:
        complete_ms = settings.endpoint_silence_complete_ms
        # who asks for haste gets it
        is_hasty = options.silence_ms < settings.endpoint_silence_ms
        unplaced_ms = None if is_hasty else settings.endpoint_silence_unplaced_ms
    return EndpointRules(
        silence_ms=options.silence_ms if settings.finds_endpoints else None,
        unfinished_silence_ms=settings.endpoint_silence_unfinished_ms,
        no_speech_ms=round(settings.no_speech_seconds * 1000),
        speculation_silence_ms=settings.speculation_silence_ms,
        complete_silence_ms=complete_ms,
        unplaced_silence_ms=unplaced_ms,
    )
