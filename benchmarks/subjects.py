"""The servers that are compared, and what is measured of each."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from benchmarks import programs, published, speech_to_text, text_to_speech
from benchmarks.measurement import Measurements
from benchmarks.plan import Plan
from benchmarks.programs import Places
from benchmarks.server_process import Program, Server
from benchmarks.utterances import continuous
from benchmarks.wyoming_client import listen, send_at_once

SUBJECTS = (
    "funasr",
    "funasr-no-endpointing",
    "faster-whisper",
    "faster-whisper-endpointing",
    "funasr-demo",
    "melotts",
    "piper",
)
SENSITIVITIES = ("default", "relaxed", "aggressive")


@dataclass(frozen=True)
class Subject:
    """One server with its measurements."""

    program: Program
    first: Callable[[Server], Awaitable[object]]
    """A first request, which waits for the model."""
    warm_up: Callable[[Server], Awaitable[None]]
    measurements: Measurements


def subjects(places: Places, plan: Plan) -> list[Subject]:
    """Every server of `SUBJECTS`, in that order."""
    return [*_recognizers(places, plan), *_voices(places, plan)]


def _recognizers(places: Places, plan: Plan) -> list[Subject]:
    real, peer = programs.funasr, programs.faster_whisper
    every = speech_to_text.measurements(plan)
    alone: Measurements = {key: work for key, work in every.items() if key == ("real time", 1)}
    pauses = speech_to_text.pauses(plan, SENSITIVITIES[:1])
    all_pauses = speech_to_text.pauses(plan, SENSITIVITIES)
    bench_work = partial(published.bench_speech_to_text, rounds=plan.bench_rounds)
    bench: Measurements = {("wyoming-bench", ""): bench_work}
    return [
        _hears(real("funasr", places, endpointing=True), every | pauses),
        _hears(real("funasr-no-endpointing", places, endpointing=False), every | bench),
        _hears(peer("faster-whisper", places, endpointing=False), every | bench),
        _hears(peer("faster-whisper-endpointing", places, endpointing=True), alone | pauses),
        _hears(programs.funasr_demo("funasr-demo"), alone | all_pauses),
    ]


def _voices(places: Places, plan: Plan) -> list[Subject]:
    return [
        _speaks(programs.melotts(places), plan, "zh", _upstream(places, plan)),
        _speaks(programs.piper(places), plan, "en", {}),
    ]


def _upstream(places: Places, plan: Plan) -> Measurements:
    from benchmarks.melotts_upstream import SENTENCES, against_upstream

    work = partial(against_upstream, voices=places.voices, repeats=plan.against_upstream)
    return {
        ("upstream", name): partial(work, text=SENTENCES[name]) for name in plan.upstream_sentences
    }


def _hears(program: Program, measurements: Measurements) -> Subject:
    async def first(server: Server) -> object:
        return await send_at_once(server.port, continuous(1))

    return Subject(program, first, speech_to_text.warm_up, measurements)


def _speaks(program: Program, plan: Plan, language: str, more: Measurements) -> Subject:
    text = text_to_speech.TEXTS[language]
    bench = partial(published.bench_text_to_speech, rounds=plan.bench_rounds, text=text)
    found = text_to_speech.measurements(plan, language)
    found[("wyoming-bench", "")] = bench

    async def first(server: Server) -> object:
        return await listen(server.port, "好。" if language == "zh" else "Yes.")

    return Subject(program, first, partial(text_to_speech.warm_up, language=language), found | more)
