"""The transcript that a client gets, made from a recognition."""

from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any

from wyoming.asr import Transcript

from wyoming_funasr.audio.utterance import UtteranceAudio
from wyoming_funasr.recognition.home import HomeContext
from wyoming_funasr.recognition.text import convert_script
from wyoming_funasr.recognition.types import Recognition
from wyoming_funasr.requests.endpointing import EndedBy
from wyoming_funasr.requests.languages import opencc_conversion
from wyoming_funasr.settings import ChineseScript


def in_script(
    recognition: Recognition,
    tag: str | None,
    script: ChineseScript,
    home: HomeContext | None = None,
) -> Recognition:
    """The recognition, text and words, in the Chinese characters that its request asks for.

    Names in the text are written as the home writes them, so that they are found there.
    """
    converted = _in_characters(recognition, opencc_conversion(tag or recognition.language, script))
    if home is None:
        return converted
    return replace(
        converted,
        text=home.as_written(converted.text),
        alternatives=tuple(map(home.as_written, converted.alternatives)),
    )


def _in_characters(recognition: Recognition, conversion: str | None) -> Recognition:
    if conversion is None:
        return recognition
    texts = _converted([word.text for word in recognition.words], conversion)
    return replace(
        recognition,
        text=convert_script(recognition.text, conversion),
        alternatives=tuple(convert_script(one, conversion) for one in recognition.alternatives),
        words=tuple(
            replace(word, text=text) for word, text in zip(recognition.words, texts, strict=True)
        ),
    )


def _converted(texts: list[str], conversion: str) -> list[str]:
    """Convert words as one text: what a character becomes depends on its neighbors."""
    together = "".join(texts)
    converted = convert_script(together, conversion)
    if len(converted) != len(together):
        return [convert_script(text, conversion) for text in texts]
    edges = accumulate(map(len, texts), initial=0)
    return [converted[start:stop] for start, stop in pairwise(edges)]


def build_transcript(
    recognition: Recognition, language: str, context: dict[str, Any]
) -> Transcript:
    """The event; `language` is what the model was told, for models that do not tell it."""
    return Transcript(
        text=recognition.text,
        language=recognition.language or (language if recognition.text else None),
        context=context,
    )


def transcript_context(
    recognition: Recognition,
    audio: UtteranceAudio | None,
    *,
    ended_by: EndedBy,
    recognition_seconds: float,
) -> dict[str, Any]:
    """What is known beside the text; docs/protocol.md describes the keys."""
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
        "audio_ms": audio.state.position_ms if audio else 0,
        "speech_end_ms": audio.speech_end_ms if audio else None,
        "recognition_ms": round(recognition_seconds * 1000),
        "ended_by": str(ended_by),
        "truncated": ended_by is EndedBy.LIMIT,
    }
