"""The events that a Wyoming client gets of an utterance."""

from collections.abc import Awaitable, Callable
from typing import Any

from wyoming.asr import Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
from wyoming.event import Eventable
from wyoming.vad import VoiceStarted, VoiceStopped

from wyoming_funasr.requests.endpointing import EndedBy
from wyoming_funasr.requests.events import (
    Final,
    Partial,
    SpeechEnded,
    SpeechStarted,
    UtteranceEvent,
)
from wyoming_funasr.requests.stable_text import unsent


class TranscriptEvents:
    """Sends what an utterance reports: an `EventSink`."""

    def __init__(
        self,
        send: Callable[[Eventable], Awaitable[None]],
        context: dict[str, Any],
        *,
        chunks: bool,
        voice_events: bool,
    ) -> None:
        """`context` comes back with the transcript; `chunks`: as the client is told to expect."""
        self._send = send
        self._context = context
        self._chunks = chunks
        self._voice_events = voice_events
        self._started = False
        self._sent = ""

    async def take(self, event: UtteranceEvent) -> None:
        """See `EventSink.take`."""
        match event:
            case SpeechStarted() if self._voice_events:
                await self._send(VoiceStarted(timestamp=event.at_ms))
            case SpeechEnded() if self._voice_events:
                await self._send(VoiceStopped(timestamp=event.at_ms))
            case Partial() if self._chunks and event.stable != self._sent:
                await self._send_chunk(event.stable.removeprefix(self._sent))
            case Final():
                await self._finish(event)

    async def _finish(self, final: Final) -> None:
        """With chunks, the transcript's text is that of the chunks joined."""
        transcript = Transcript(
            text=final.recognition.text,
            language=final.language,
            context=self._context | transcript_context(final),
        )
        if not self._chunks:
            await self._send(transcript)
            return
        await self._send_chunk(unsent(self._sent, transcript.text))
        transcript.text = self._sent
        await self._send(transcript)
        await self._send(TranscriptStop())

    async def _send_chunk(self, text: str) -> None:
        if not self._started:
            self._started = True
            await self._send(TranscriptStart())
        if text:
            self._sent += text
            await self._send(TranscriptChunk(text=text))


def transcript_context(final: Final) -> dict[str, Any]:
    """What is known beside the text; docs/protocol.md describes the keys."""
    recognition = final.recognition
    return {
        "confidence": round(recognition.confidence, 4),
        "emotion": recognition.emotion,
        "emotion_scores": recognition.emotion_scores,
        "event": recognition.event,
        "intent": recognition.intent,
        "ambiguous": bool(recognition.alternatives),
        "alternatives": list(recognition.alternatives),
        "words": [
            {
                "text": word.text,
                "start_ms": word.start_ms,
                "end_ms": word.end_ms,
                "confidence": word.confidence,
            }
            for word in recognition.words
        ],
        "audio_ms": final.audio_ms,
        "speech_end_ms": final.speech_end_ms,
        "recognition_ms": round(final.answer_seconds * 1000),
        "ended_by": str(final.ended_by),
        "truncated": final.ended_by is EndedBy.LIMIT,
    }
