"""One request, followed from its first audio to its transcript."""

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from wyoming.asr import Transcript
from wyoming.vad import VoiceStarted, VoiceStopped

from wyoming_funasr.audio.fbank import SAMPLE_RATE_HZ
from wyoming_funasr.audio.utterance import UtteranceAudio
from wyoming_funasr.audio.vad import Span
from wyoming_funasr.recognition.hotwords import Hotword
from wyoming_funasr.recognition.recognizer import Request
from wyoming_funasr.recognition.text import convert_script
from wyoming_funasr.recognition.types import Recognition
from wyoming_funasr.requests.endpointing import is_unfinished
from wyoming_funasr.requests.languages import opencc_conversion
from wyoming_funasr.requests.partials import Hypothesis, PartialTranscripts
from wyoming_serving.audio import Samples, join
from wyoming_serving.errors import QueueFull
from wyoming_serving.session import Client

if TYPE_CHECKING:
    from wyoming_funasr.service import FunasrService

EndedBy = Literal["audio-stop", "silence", "no-speech", "limit"]
"""The client's event, the server's own finding, or `max_utterance_seconds`."""

PARTIAL_PRIORITY = 1
"""Behind every recognition that may be the answer."""


@dataclass(frozen=True)
class Wishes:
    """What a client asked for in `transcribe`."""

    language_tag: str | None
    language: str
    hotwords: tuple[Hotword, ...]
    silence_ms: int
    """Silence that ends the utterance, where the server looks for its end."""


@dataclass(frozen=True)
class _Guess:
    """A recognition; speculative where it began in a pause, and counts if no speech follows."""

    speech: list[Span]
    recognition: asyncio.Task[Recognition]
    is_speculative: bool


@dataclass(frozen=True)
class _Verdict:
    """How long a silence must last behind this speech to end it; None: it is no speech."""

    speech: list[Span]
    silence_ms: int | None


class Listening:
    """Hears an utterance while it is spoken, and recognizes it in its pauses.

    Taking audio in never waits for work: `hear` and `end` only note, `run` does the rest.
    """

    def __init__(self, service: "FunasrService", session: Client, wishes: Wishes) -> None:
        self._service = service
        self._session = session
        self._settings = service.settings
        self._wishes = wishes
        self._noted = asyncio.Event()
        self._inbox: list[Samples] = []
        self._ended_by: EndedBy | None = None
        self._abandoned = False
        self._guess: _Guess | None = None
        self._verdict = _Verdict([], wishes.silence_ms)
        self._voice_started = False
        self._partials: PartialTranscripts | None = None
        if self._settings.partial_transcripts:
            window_ms = round(self._settings.partial_window_seconds * 1000)
            self._partials = PartialTranscripts(
                session.send, self._settings.partial_interval_ms, window_ms
            )

    @property
    def ended(self) -> bool:
        """Whether the utterance is over; audio that still comes for it is dropped."""
        return self._ended_by is not None

    def hear(self, samples: Samples) -> None:
        """Take the next audio, 16 kHz mono."""
        if len(samples):
            self._inbox.append(samples)
            self._noted.set()

    def end(self, ended_by: EndedBy) -> None:
        """No audio follows."""
        self._ended_by = self._ended_by or ended_by
        self._noted.set()

    def abandon(self) -> None:
        """The client begins anew without an end: there is no answer."""
        self._abandoned = True
        self._noted.set()

    async def run(self) -> None:
        """Follow the utterance and send its transcript.

        Raises:
            ServiceError: `not-ready` or `queue-full`.
        """
        await self._noted.wait()
        if self._inbox:
            await self._service.wait_ready()
        hearing = self._service.listen() if self._inbox else None
        try:
            if hearing is not None:
                await self._follow(hearing)
            if not self._abandoned:
                await self._answer(hearing)
        finally:
            await self._drop_guess()
            if self._partials:
                await self._partials.stop()

    async def _follow(self, hearing: UtteranceAudio) -> None:
        """Hear audio as it comes, until the utterance is over."""
        last = False
        while not (last or self._abandoned):
            await self._noted.wait()
            self._noted.clear()
            last = self.ended
            samples = join(self._inbox)
            self._inbox.clear()
            await self._service.hear(hearing, samples, last=last)
            if await self._is_over(hearing):
                return
            await self._tell_of_voice(hearing)
            if not last:
                await self._work_ahead(hearing)

    async def _is_over(self, hearing: UtteranceAudio) -> bool:
        """Go over what was heard; look for the end where that is the server's task."""
        if not self._settings.endpointing:
            hearing.advance()
            return False
        while hearing.advance(self._needed_silence_ms(hearing)):
            if self._verdict.speech == hearing.speech():
                self._ended_by = "silence"  # whatever came behind it
                return True
            text = (await self._recognize(hearing)).text
            self._verdict = _Verdict(hearing.speech(), self._judged_silence_ms(text))
        if self._is_waiting_in_vain(hearing):
            self._ended_by = "no-speech"
            return True
        return False

    def _needed_silence_ms(self, hearing: UtteranceAudio) -> int | None:
        """Silence to look for; None where what was heard so far is no speech at all."""
        judged = self._verdict.speech == hearing.speech()
        return self._verdict.silence_ms if judged else self._wishes.silence_ms

    def _judged_silence_ms(self, text: str) -> int | None:
        if not text:
            return None
        if is_unfinished(text):
            return max(self._wishes.silence_ms, self._settings.endpoint_silence_unfinished_ms)
        return self._wishes.silence_ms

    def _is_waiting_in_vain(self, hearing: UtteranceAudio) -> bool:
        silent = self._needed_silence_ms(hearing) is None or not hearing.speech()
        return silent and hearing.position_ms >= self._settings.no_speech_seconds * 1000

    async def _work_ahead(self, hearing: UtteranceAudio) -> None:
        """Use the time until more is known: recognize in a pause, and for partial transcripts."""
        speech = hearing.speech()
        pause_ms = self._settings.speculation_silence_ms
        if self._guess is not None and self._guess.speech != speech:
            await self._drop_guess()
        if self._guess is None and pause_ms and speech and hearing.silence_ms >= pause_ms:
            self._guess = self._begin(hearing, is_speculative=True)
        elif self._partials and speech and not hearing.silence_ms:
            request = replace(self._request(hearing), is_final=False)
            self._partials.offer(hearing.position_ms, lambda: self._hypothesis(request))

    def _begin(self, hearing: UtteranceAudio, *, is_speculative: bool) -> "_Guess":
        recognition = asyncio.create_task(self._service.recognize(self._request(hearing)))
        return _Guess(hearing.speech(), recognition, is_speculative)

    async def _recognize(self, hearing: UtteranceAudio) -> Recognition:
        """Recognize what was heard so far, or take what is recognized of it already."""
        if self._guess is not None and self._guess.speech == hearing.speech():
            try:
                return await self._guess.recognition
            except QueueFull:
                pass  # that was then; there may be room now
        await self._drop_guess()
        self._guess = self._begin(hearing, is_speculative=False)
        return await self._guess.recognition

    async def _drop_guess(self) -> None:
        guess, self._guess = self._guess, None
        if guess is None:
            return
        if guess.is_speculative:
            self._service.speculations.labels("wasted").inc()
        guess.recognition.cancel()
        await asyncio.gather(guess.recognition, return_exceptions=True)

    async def _hypothesis(self, request: Request) -> Hypothesis:
        heard = await self._service.recognize(request, PARTIAL_PRIORITY)
        return Hypothesis(self._text(heard), heard.is_settled)

    def _request(self, hearing: UtteranceAudio) -> Request:
        wishes, settings = self._wishes, self._settings
        return Request(hearing.pieces(), wishes.language, settings.use_itn, wishes.hotwords)

    def _text(self, heard: Recognition) -> str:
        tag = self._wishes.language_tag or heard.language
        return convert_script(heard.text, opencc_conversion(tag, self._settings.chinese_script))

    async def _tell_of_voice(self, hearing: UtteranceAudio) -> None:
        if self._settings.voice_events and not self._voice_started and hearing.speech():
            self._voice_started = True
            await self._session.send(VoiceStarted(timestamp=_ms(hearing.speech()[0].start)))

    async def _answer(self, hearing: UtteranceAudio | None) -> None:
        loop = asyncio.get_running_loop()
        ended_at = loop.time()
        heard = await self._recognize(hearing) if hearing else Recognition()
        if self._guess is not None and self._guess.is_speculative:
            self._service.speculations.labels("used").inc()
            self._guess = None
        if hearing:
            await self._tell_of_voice(hearing)
        if self._voice_started and hearing:
            await self._session.send(VoiceStopped(timestamp=_ms(hearing.speech()[-1].stop)))
        text = self._text(heard)
        transcript = Transcript(
            text=text,
            language=heard.language or (self._wishes.language if text else None),
            context=context_of(
                heard,
                hearing,
                ended_by=self._ended_by or "audio-stop",
                seconds=loop.time() - ended_at,
            ),
        )
        if self._partials:
            await self._partials.finish(transcript)
        else:
            await self._session.send(transcript)


def context_of(
    heard: Recognition, hearing: UtteranceAudio | None, *, ended_by: EndedBy, seconds: float
) -> dict[str, Any]:
    """The keys are described in docs/protocol.md."""
    speech = hearing.speech() if hearing else []
    return {
        "confidence": round(heard.confidence, 4),
        "emotion": heard.emotion,
        "emotion_scores": heard.emotion_scores,
        "event": heard.event,
        "words": [
            {
                "text": word.text,
                "start_ms": word.start_ms,
                "end_ms": word.end_ms,
                "confidence": word.confidence,
            }
            for word in heard.words
        ],
        "audio_ms": hearing.position_ms if hearing else 0,
        "speech_end_ms": _ms(speech[-1].stop) if speech else None,
        "recognition_ms": round(seconds * 1000),
        "ended_by": ended_by,
        "truncated": ended_by == "limit",
    }


def _ms(samples: int) -> int:
    return samples * 1000 // SAMPLE_RATE_HZ
