"""When an utterance ends where no home is known: by Home Assistant's own sentences."""

from typing import Any

import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioStart, AudioStop

from tests.support.speech import DATA, RATE_HZ, SPEECH, read_pcm
from tests.support.wire import Wire, connect
from tests.wyoming_funasr.conftest import ServiceMaker
from tests.wyoming_funasr.requests.test_utterance import chunks, silence
from wyoming_funasr.home.completeness import template_judge
from wyoming_funasr.home.description import Home
from wyoming_funasr.home.grammar import Grammar
from wyoming_funasr.home.sentence_ends import sampled, templates_of
from wyoming_funasr.recognition.home import Completeness
from wyoming_funasr.recognition.types import Recognition
from wyoming_funasr.requests.completeness import judge_by_sentences
from wyoming_serving.service import running

START = AudioStart(rate=RATE_HZ, width=2, channels=1)


async def _heard(wire: Wire, pcm: bytes, sensitivity: str | None = None) -> dict[str, Any]:
    """The context of the transcript of audio, behind which it is quiet for long."""
    asked = Transcribe(vad_sensitivity=sensitivity)
    await wire.send(asked, START, *chunks(pcm + silence(2)), AudioStop())
    context = Transcript.from_event(await wire.read_type("transcript")).context
    assert context is not None
    return context


def _waited_ms(context: dict[str, Any]) -> int:
    """From the end of speech to the end of the utterance, in the audio's own time."""
    assert context["ended_by"] == "silence"
    waited: int = context["audio_ms"] - context["speech_end_ms"]
    return waited


async def test_the_sentences_say_how_long_to_wait(make_service: ServiceMaker) -> None:
    command = read_pcm(DATA / "bedroom_light_off_zh.wav")
    other = read_pcm(DATA / "computer_room_light_zh.wav")
    async with running(make_service("--model-dir", "demo")) as port, connect(port) as wire:
        whole = await _heard(wire, command)
        patient = await _heard(wire, command, "relaxed")
        verb = (await _heard(wire, other))["words"][1]
        prefix = await _heard(wire, other[: (verb["end_ms"] + 40) * 32])
    assert 300 <= _waited_ms(whole) < 450
    assert 800 <= _waited_ms(patient) < 950
    assert 1000 <= _waited_ms(prefix) < 1150


@pytest.mark.parametrize(("sensitivity", "least_ms"), [(None, 700), ("aggressive", 300)])
async def test_what_no_sentence_places_waits_as_home_assistant_would(
    make_service: ServiceMaker, sensitivity: str | None, least_ms: int
) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        context = await _heard(wire, SPEECH, sensitivity)  # random weights write random words
    assert least_ms <= _waited_ms(context) < least_ms + 150


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Turn on the", "en", Completeness.UNFINISHED),
        ("Set the bedroom lamp to thirty", "en", Completeness.UNFINISHED),
        ("Set the bedroom lamp to thirty percent.", "en", Completeness.COMPLETE),
        ("Lock the front door.", "en", Completeness.COMPLETE),
        ("Set the thermostat to 21 degrees", "en", Completeness.COMPLETE),
        ("Quick brown foxes jump.", "en", Completeness.UNKNOWN),
        ("I think that we should", "en", Completeness.UNKNOWN),
        ("把卧室的空调", "zh", Completeness.UNFINISHED),
        ("把阳台的灯亮度调到百分之", "zh", Completeness.UNFINISHED),
        ("把卧室的灯关掉。", "zh", Completeness.COMPLETE),
        ("把空调调到26度", "zh", Completeness.COMPLETE),
        ("我想知道北京", "zh", Completeness.UNKNOWN),
        ("リビングの", "ja", Completeness.UNFINISHED),
        ("거실 불을", "ko", Completeness.UNFINISHED),
        ("Bonjour tout le monde", "fr", Completeness.UNKNOWN),
    ],
)
def test_any_words_may_be_a_name(text: str, language: str, expected: Completeness) -> None:
    assert judge_by_sentences(Recognition(text, language=language)) is expected


@pytest.mark.parametrize("text", ["把空调调到26度", "Lock the front door."])
def test_a_recognizer_may_name_no_language(text: str) -> None:
    """Paraformer does not."""
    assert judge_by_sentences(Recognition(text)) is Completeness.COMPLETE


def test_the_client_s_language_comes_first() -> None:
    heard = Recognition("turn on the", language="zh")
    assert judge_by_sentences(heard, tag="en-US") is Completeness.UNFINISHED


@pytest.mark.parametrize("language", ["en", "zh", "zh-TW", "zh-HK", "yue", "ja", "ko"])
def test_the_files_are_what_the_sentences_make(language: str) -> None:
    """Within what a newer version of Home Assistant's sentences may change."""
    kept = templates_of(language)
    assert kept is not None
    made = sampled(Grammar(language, Home()), samples=500)
    missing = set(made.words) - set(kept.words)
    assert len(missing) < 0.1 * len(made.words)


def test_there_is_no_judge_without_sentences() -> None:
    assert template_judge("fr") is None
