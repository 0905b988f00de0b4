"""One utterance, followed from its first audio to its final text."""

import asyncio
from enum import Enum, auto
from functools import partial

from wyoming_funasr.audio.utterance import LEAD_MS, UtteranceAudio
from wyoming_funasr.recognition.recognizer import RecognitionRequest
from wyoming_funasr.recognition.types import Recognition
from wyoming_funasr.requests.completeness import judge_by_sentences
from wyoming_funasr.requests.endpointing import Decision, EndedBy, Endpointing, EndpointRules
from wyoming_funasr.requests.events import (
    EventSink,
    Final,
    Preflight,
    SpeechEnded,
    SpeechStarted,
    UtteranceEvent,
)
from wyoming_funasr.requests.feed import AudioFeed, Piece
from wyoming_funasr.requests.options import RequestOptions
from wyoming_funasr.requests.partials import Partials
from wyoming_funasr.requests.script import in_script, language_of
from wyoming_funasr.requests.speculation import Speculation, SpeculationOutcome
from wyoming_funasr.requests.stable_text import Hypothesis
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.job_queue import JobTiming
from wyoming_serving.reports import Moment, RequestReport, Stage
from wyoming_serving.session import RequestOutcome
from wyoming_serving.tracing import spans

PARTIAL_PRIORITY = 1
"""Behind every recognition that may be the answer."""


class UtteranceState(Enum):
    """Where an utterance is in its life; it moves downward only."""

    OPEN = auto()
    """Audio may follow."""
    CLOSED = auto()
    """No audio follows."""
    ANSWERED = auto()
    ABANDONED = auto()
    """Nobody wants an answer: there is none, and nothing more is reported."""


class Utterance:
    """Takes its audio from a feed while it is spoken, and recognizes it in its pauses."""

    def __init__(
        self,
        options: RequestOptions,
        settings: FunasrSettings,
        feed: AudioFeed,
        sink: EventSink,
        *,
        is_one_of_many: bool = False,
    ) -> None:
        """`is_one_of_many`: others follow in the same feed.

        Then what comes behind its end is theirs, noise ends it as speech does, and silence is no
        utterance: only a client that asks for the text of silence gets an empty one.
        """
        self._settings = settings
        self._feed = feed
        self._sink = sink
        self._is_one_of_many = is_one_of_many
        self.report = RequestReport("listen" if is_one_of_many else "transcribe")
        """What the utterance was and took, so far."""
        self._state = UtteranceState.OPEN
        self._ended_by = EndedBy.AUDIO_STOP
        self._seconds_left = settings.max_utterance_seconds
        self._accepted_at = 0.0
        self._speech_reported = False
        self._speculation = Speculation(
            self._recognize_timed, self._count_speculation, self._report_preflight
        )
        window_ms = round(settings.partial_window_seconds * 1000)
        self._partials = Partials(self._emit, settings.partial_interval_ms, window_ms)
        self._configure(options)

    @property
    def state(self) -> UtteranceState:
        """Where the utterance is in its life."""
        return self._state

    @property
    def options(self) -> RequestOptions:
        """Those in force."""
        return self._options

    def abandon(self) -> None:
        """Nobody wants an answer any more."""
        if self._state is not UtteranceState.ANSWERED:
            self._state = UtteranceState.ABANDONED

    async def run(self) -> RequestOutcome:
        """Follow the utterance and report its final text.

        Raises:
            ServiceError: `not-ready` or `queue-full`.
        """
        try:
            with spans.span("voice activity") as found:
                audio = await self._follow()
                found |= {"ended_by": str(self._ended_by)} | _places(audio)
            if not self._is_abandoned() and not self._is_no_utterance(audio):
                await self._answer(audio)
            return RequestOutcome.ABANDONED if self._is_abandoned() else RequestOutcome.ANSWERED
        finally:
            await self._speculation.drop()
            await self._partials.stop()

    async def _follow(self) -> UtteranceAudio | None:
        """Take audio as it comes until the utterance is over; None if none came."""
        audio: UtteranceAudio | None = None
        decision = Decision.NOTHING
        while self._state is UtteranceState.OPEN:
            piece = await self._next_piece()
            if audio is None:
                if not piece.seconds:
                    continue
                audio = await self._pipeline.open()
            await self._accept(audio, piece)
            while audio.step():
                decision = await self._decide(audio)
                if decision in (Decision.END, Decision.GIVE_UP):
                    self._end(decision, audio, piece)
                    return audio
            await self._report_speech(audio)
            if self._state is UtteranceState.OPEN and not self._feed:
                await self._work_ahead(audio, decision)
        return audio

    async def _next_piece(self) -> Piece:
        """Wait for what comes next in the feed, and take what it says."""
        if not await self._feed.wait():
            self._state = UtteranceState.CLOSED
        piece = self._feed.take(self._seconds_left)
        self._seconds_left -= piece.seconds
        if piece.options is not None:
            await self._speculation.drop()
            self._configure(piece.options)
        if piece.ended_by is not None and self._state is UtteranceState.OPEN:
            self._state, self._ended_by = UtteranceState.CLOSED, piece.ended_by
        return piece

    def _configure(self, options: RequestOptions) -> None:
        self._options = options
        self._pipeline = options.model.pipeline
        self._home = options.model.home(options.language_tag)
        self.report.model = options.model.name
        self.report.language = options.language_tag or options.language
        rules = _rules(options, self._settings, noise_ends=self._is_one_of_many)
        judge = partial(judge_by_sentences, tag=options.language_tag)
        self._endpointing = Endpointing(rules, judge)

    async def _accept(self, audio: UtteranceAudio, piece: Piece) -> None:
        timing = JobTiming()
        last = piece.ended_by is not None
        await self._pipeline.accept(
            audio, lambda: self._feed.decode(piece), last=last, timing=timing
        )
        self._accepted_at = asyncio.get_running_loop().time()
        self.report.add(Stage.FEATURES, timing.run_seconds)

    async def _decide(self, audio: UtteranceAudio) -> Decision:
        """What to do at the place reached; recognizes where only the text can tell."""
        speech = audio.state
        decision = self._endpointing.decide(speech, self._speculation.heard(speech.revision))
        if decision is Decision.RECOGNIZE:
            decision = self._endpointing.decide(speech, await self._recognize(audio))
        return decision

    def _end(self, decision: Decision, audio: UtteranceAudio, piece: Piece) -> None:
        """The utterance is over here; what came behind it is the next one's, if there is one."""
        self._ended_by = EndedBy.SILENCE if decision is Decision.END else EndedBy.NO_SPEECH
        if self._state is UtteranceState.OPEN:
            self._state = UtteranceState.CLOSED
        if self._is_one_of_many:
            # who had just begun to speak is not cut off
            is_silent = decision is Decision.GIVE_UP
            lead_ms = min(LEAD_MS, audio.state.position_ms // 2) if is_silent else 0
            self._feed.give_back(audio.behind(lead_ms), piece.ended_by)

    def _is_no_utterance(self, audio: UtteranceAudio | None) -> bool:
        """Whether there is nothing to answer: silence, of which nobody asked for the text."""
        is_silent = audio is None or audio.speech_start_ms is None
        return self._is_one_of_many and is_silent and self._ended_by is not EndedBy.FLUSH

    async def _work_ahead(self, audio: UtteranceAudio, decision: Decision) -> None:
        """Use the time until more audio comes: for speculation, and for partial transcripts."""
        speech = audio.state
        await self._speculation.drop_other_than(speech.revision)
        if decision is Decision.SPECULATE:
            if await self._speculation.begin(speech.revision, self._request(audio)):
                self.report.moments[Moment.SPECULATION] = speech.position_ms
        elif self._options.partials and speech.revision and not speech.silence_ms:
            request = self._request(audio, is_final=False)
            self._partials.offer(speech.position_ms, lambda: self._hypothesis(request))

    async def _report_speech(self, audio: UtteranceAudio) -> None:
        """Report that speech has begun, once."""
        start_ms = audio.speech_start_ms
        if start_ms is not None and not self._speech_reported:
            self._speech_reported = True
            await self._emit(SpeechStarted(start_ms))

    def _count_speculation(self, outcome: SpeculationOutcome) -> None:
        self._pipeline.count_speculation(outcome)

    async def _report_preflight(self, recognition: Recognition) -> None:
        if self._options.preflight and recognition.text:
            found = self._in_script(recognition)
            await self._emit(Preflight(found, language_of(found, self._options.language)))

    async def _emit(self, event: UtteranceEvent) -> None:
        if not self._is_abandoned():
            await self._sink.take(event)

    async def _recognize_timed(self, request: RecognitionRequest) -> Recognition:
        """Recognize; the latest recognition, which replaces those before, is the report's."""
        timing = JobTiming()
        with spans.span("recognition") as found:
            found["speech_seconds"] = request.seconds
            recognition = await self._pipeline.recognize(request, timing=timing)
        self.report.stages[Stage.QUEUE] = timing.queue_seconds
        self.report.stages[Stage.RECOGNITION] = timing.run_seconds
        return recognition

    async def _recognize(self, audio: UtteranceAudio) -> Recognition:
        return await self._speculation.finish(audio.state.revision, self._request(audio))

    async def _hypothesis(self, request: RecognitionRequest) -> Hypothesis:
        recognition = self._in_script(await self._pipeline.recognize(request, PARTIAL_PRIORITY))
        return Hypothesis(recognition.text, recognition.is_settled, recognition.confidence)

    async def _answer(self, audio: UtteranceAudio | None) -> None:
        loop = asyncio.get_running_loop()
        ended_at = loop.time()
        recognition = await self._recognize(audio) if audio else Recognition()
        if self._is_abandoned():
            return
        self._state = UtteranceState.ANSWERED
        self._speculation.take()
        await self._partials.stop()
        if audio:
            await self._report_speech(audio)
        if audio and self._speech_reported and audio.speech_end_ms is not None:
            await self._emit(SpeechEnded(audio.speech_end_ms))
        recognition = self._in_script(recognition)
        final = self._final(audio, recognition, loop.time() - ended_at)
        await self._emit(final)
        self._complete_report(final, ended_at)

    def _final(
        self, audio: UtteranceAudio | None, recognition: Recognition, answer_seconds: float
    ) -> Final:
        return Final(
            recognition,
            language_of(recognition, self._options.language),
            self._ended_by,
            audio_ms=audio.state.position_ms if audio else 0,
            speech_start_ms=audio.speech_start_ms if audio else None,
            speech_end_ms=audio.speech_end_ms if audio else None,
            answer_seconds=answer_seconds,
            queue_seconds=self.report.stages.get(Stage.QUEUE, 0.0),
            recognition_seconds=self.report.stages.get(Stage.RECOGNITION, 0.0),
        )

    def _complete_report(self, final: Final, ended_at: float) -> None:
        report, now = self.report, asyncio.get_running_loop().time()
        report.language = final.recognition.language or report.language
        report.text = final.recognition.text
        report.ended_by = str(final.ended_by)
        report.add(Stage.END_TO_RESULT, now - ended_at)
        report.moments |= _moments(final)
        if final.audio_ms:
            report.audio_seconds = final.audio_ms / 1000
        if final.speech_end_ms is not None:
            heard_since = (final.audio_ms - final.speech_end_ms) / 1000
            report.add(Stage.SPEECH_END_TO_TRANSCRIPT, heard_since + now - self._accepted_at)

    def _request(self, audio: UtteranceAudio, *, is_final: bool = True) -> RecognitionRequest:
        options = self._options
        return RecognitionRequest(
            audio.segments(),
            options.language,
            options.use_itn,
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


def _places(audio: UtteranceAudio | None) -> dict[str, str | int | float]:
    """Where speech was found."""
    if audio is None:
        return {}
    places = {
        "audio_ms": audio.state.position_ms,
        "speech_start_ms": audio.speech_start_ms,
        "speech_end_ms": audio.speech_end_ms,
    }
    return {name: ms for name, ms in places.items() if ms is not None}


def _moments(final: Final) -> dict[Moment, int]:
    places = {
        Moment.SPEECH_START: final.speech_start_ms,
        Moment.SPEECH_END: final.speech_end_ms,
        Moment.END: final.audio_ms,
        Moment.RESULT: final.audio_ms + round(final.answer_seconds * 1000),
    }
    return {moment: ms for moment, ms in places.items() if ms is not None}


def _rules(options: RequestOptions, settings: FunasrSettings, *, noise_ends: bool) -> EndpointRules:
    usual_ms = settings.endpoint_silence_ms
    silence_ms = usual_ms if options.silence_ms is None else options.silence_ms
    # who asks for haste gets it, and so does who asks for patience
    is_hasty, is_patient = silence_ms < usual_ms, silence_ms > usual_ms
    return EndpointRules(
        silence_ms=options.silence_ms,
        unfinished_silence_ms=settings.endpoint_silence_unfinished_ms,
        no_speech_ms=round(settings.no_speech_seconds * 1000),
        speculation_silence_ms=settings.speculation_silence_ms,
        complete_silence_ms=silence_ms if is_patient else settings.endpoint_silence_complete_ms,
        unplaced_silence_ms=silence_ms if is_hasty else settings.endpoint_silence_unplaced_ms,
        noise_ends=noise_ends,
    )
