"""When utterances end: how often people are cut off, against how long they wait.

python -m benchmarks.endpointing says phrases with pauses of 200 to 1,000 ms and whole commands to
voice activity detection, the demo model and endpointing, in the time of the audio and not of a
clock. It writes results/endpointing.md and results/endpointing.svg; all of it is repeatable but for
the time that recognition takes.

Said are ten phrases in English and Mandarin, each with every pause, and eight whole commands.
Three ways to judge a text are compared: by the words at its end, as before; by Home Assistant's
sentences with any words for names; and by a home that is known.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks import utterances
from benchmarks.utterances import RATE_HZ, Utterance
from wyoming_funasr.audio.frontend import Frontend
from wyoming_funasr.audio.utterance import SpeechState
from wyoming_funasr.home.commands import Commands
from wyoming_funasr.home.context import know
from wyoming_funasr.home.description import read_home
from wyoming_funasr.loading import load_model
from wyoming_funasr.models import choose_model
from wyoming_funasr.recognition.home import HomeContext
from wyoming_funasr.recognition.recognizer import RecognitionRequest, Recognizer
from wyoming_funasr.recognition.types import Recognition, SpeechSegment
from wyoming_funasr.requests.completeness import (
    CompletenessJudge,
    judge_by_ending,
    judge_by_sentences,
)
from wyoming_funasr.requests.endpointing import Decision, Endpointing, EndpointRules
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.models.hub import Hub

_FOLDER = Path(__file__).parent
_RESULTS = _FOLDER / "results"
_PAUSES_MS = tuple(range(200, 1001, 100))
_SHOWN_PAUSES_MS = (300, 400, 600, 800, 1000)
_SILENCE_SECONDS = 2.5
"""Behind every utterance."""

_SCALES = (0.4, 0.5, 0.6, 0.8, 1.0, 1.2, 1.4, 1.7, 2.0)
"""Of all waits together, for the curves."""

_SETTINGS = FunasrSettings.model_validate({"model_dir": "demo", "device": "cpu", "threads": 1})
_USUAL = EndpointRules(
    silence_ms=_SETTINGS.endpoint_silence_ms,
    unfinished_silence_ms=_SETTINGS.endpoint_silence_unfinished_ms,
    no_speech_ms=round(_SETTINGS.no_speech_seconds * 1000),
    speculation_silence_ms=_SETTINGS.speculation_silence_ms,
    complete_silence_ms=_SETTINGS.endpoint_silence_complete_ms,
    unplaced_silence_ms=_SETTINGS.endpoint_silence_unplaced_ms,
)


@dataclass(frozen=True, eq=False)
class Judging:
    """One way to judge texts; the rules are those that went with it."""

    title: str
    rules: EndpointRules
    judge: CompletenessJudge
    home: HomeContext | None = None


@dataclass(frozen=True, eq=False)
class Timeline:
    """An utterance as endpointing sees it: every place, and the speech known at each revision."""

    utterance: Utterance
    states: Sequence[SpeechState]
    speech: dict[int, tuple[SpeechSegment, ...]]


@dataclass(frozen=True)
class End:
    """Where an utterance was ended, in ms from its true end; negative where it was cut off."""

    after_ms: float
    silence_ms: int
    """That was waited for."""
    recognition_ms: float

    @property
    def transcript_after_ms(self) -> float:
        """When the transcript was there: recognition begins in the pause."""
        ahead_ms = self.silence_ms - _USUAL.speculation_silence_ms
        return self.after_ms + max(0.0, self.recognition_ms - ahead_ms)


class Listener:
    """The demo model behind voice activity detection."""

    def __init__(self, frontend: Frontend, recognizer: Recognizer) -> None:
        self._frontend = frontend
        self._recognizer = recognizer
        self._heard: dict[tuple[str, int, bool], tuple[Recognition, float]] = {}

    def listen(self, utterance: Utterance) -> Timeline:
        """Go through an utterance, and the quiet behind it, once."""
        quiet = utterances.room_noise(round(_SILENCE_SECONDS * RATE_HZ), seed=2)
        spoken = np.concatenate([utterance.samples, quiet])
        samples = (spoken / 32768).astype(np.float32)
        audio = self._frontend.open()
        audio.accept_waveform(samples, last=True)
        states: list[SpeechState] = []
        speech: dict[int, tuple[SpeechSegment, ...]] = {}
        while audio.step():
            state = audio.state
            states.append(state)
            if state.revision and state.silence_ms >= _USUAL.speculation_silence_ms:
                speech.setdefault(state.revision, audio.segments())
        return Timeline(utterance, states, speech)

    def end(self, timeline: Timeline, judging: Judging) -> End:
        """Where an utterance ends."""
        endpointing = Endpointing(judging.rules, judging.judge)
        for state in timeline.states:
            decision = endpointing.decide(state, None)
            if decision is not Decision.RECOGNIZE:
                continue
            heard, took_ms = self._recognize(timeline, state.revision, judging.home)
            if endpointing.decide(state, heard) is Decision.END:
                after_ms = state.position_ms - timeline.utterance.seconds * 1000
                return End(after_ms, state.silence_ms, took_ms)
        raise ValueError(f"{timeline.utterance.name} does not end")

    def _recognize(
        self, timeline: Timeline, revision: int, home: HomeContext | None
    ) -> tuple[Recognition, float]:
        key = (timeline.utterance.name, revision, home is not None)
        if key not in self._heard:
            request = RecognitionRequest(timeline.speech[revision], home=home)
            started = time.perf_counter()
            (heard,) = self._recognizer.recognize([request])
            self._heard[key] = heard, (time.perf_counter() - started) * 1000
        return self._heard[key]


@dataclass(frozen=True)
class Measured:
    """Everything about one way to judge."""

    title: str
    false_ends: dict[tuple[bool, int], tuple[int, int]]
    """How many of how many, by whether a whole command came before the pause, and by the pause."""
    waits_ms: tuple[float, ...]
    """From the true end of whole commands to the end that was found."""
    transcripts_ms: tuple[float, ...]
    """The same to the transcript."""

    def false_share(self, *, whole: bool) -> float:
        """Of all phrases with all pauses."""
        found = [value for (kind, _), value in self.false_ends.items() if kind is whole]
        return sum(cut for cut, _ in found) / max(1, sum(count for _, count in found))


@dataclass(frozen=True)
class Said:
    """What is said: phrases with pauses, and whether what came before is a whole command."""

    paused: Sequence[tuple[Timeline, bool]]
    commands: Sequence[Timeline]


def measure(listener: Listener, said: Said, judging: Judging) -> Measured:
    """End everything that was said."""
    false_ends: dict[tuple[bool, int], tuple[int, int]] = {}
    for timeline, whole in said.paused:
        key = whole, timeline.utterance.pause_ms
        cut, count = false_ends.get(key, (0, 0))
        false_ends[key] = cut + (listener.end(timeline, judging).after_ms < 0), count + 1
    ends = [listener.end(timeline, judging) for timeline in said.commands]
    return Measured(
        judging.title,
        false_ends,
        tuple(end.after_ms for end in ends),
        tuple(end.transcript_after_ms for end in ends),
    )


def scaled(judging: Judging, scale: float) -> Judging:
    """The same with all waits longer or shorter, but for what it takes to recognize the speech."""
    rules = judging.rules

    def wait(usual_ms: int | None) -> int:
        return max(rules.speculation_silence_ms, round((usual_ms or 0) * scale))

    return replace(
        judging,
        rules=replace(
            rules,
            silence_ms=wait(rules.silence_ms),
            complete_silence_ms=wait(rules.complete_silence_ms),
            unplaced_silence_ms=wait(rules.unplaced_silence_ms),
            unfinished_silence_ms=wait(rules.unfinished_silence_ms),
        ),
    )


def table(measured: Sequence[Measured]) -> str:
    """Tables of false ends and of waits, in Markdown."""
    lines = ["# When utterances end", "", str(__doc__).split("\n\n", 2)[2].strip(), ""]
    for whole, title in (
        (False, "False ends where what was said is not yet a whole command"),
        (True, "False ends where it is one already, and goes on"),
    ):
        pauses = " | ".join(f"{pause} ms" for pause in _SHOWN_PAUSES_MS)
        lines += [f"## {title}", "", f"| judged by | {pauses} |"]
        lines += ["| --- |" + " ---: |" * len(_SHOWN_PAUSES_MS)]
        for one in measured:
            cells = (one.false_ends.get((whole, pause), (0, 0)) for pause in _SHOWN_PAUSES_MS)
            row = " | ".join(f"{cut} of {count}" for cut, count in cells)
            lines.append(f"| {one.title} | {row} |")
        lines.append("")
    lines += ["## Whole commands: ms from the end of speech, p50 (longest)", ""]
    lines += ["| judged by | to the end that was found | to the transcript |"]
    lines += ["| --- | ---: | ---: |"]
    for one in measured:
        found, sent = one.waits_ms, one.transcripts_ms
        lines.append(
            f"| {one.title} | {median(found):.0f} ({max(found):.0f}) "
            f"| {median(sent):.0f} ({max(sent):.0f}) |"
        )
    lines += ["", "![False ends against waiting](endpointing.svg)", ""]
    return "\n".join(lines)


def draw(file: Path, curves: dict[str, list[Measured]]) -> None:
    """Draw false ends against waiting, each curve with all waits longer and shorter."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "endpointing"
    from matplotlib import pyplot

    figure, both = pyplot.subplots(1, 2, figsize=(9, 4), sharey=True, layout="constrained")
    for axes, whole in zip(both, (False, True), strict=True):
        for title, measured in curves.items():
            waits = [median(one.waits_ms) for one in measured]
            shares = [100 * one.false_share(whole=whole) for one in measured]
            axes.plot(waits, shares, marker="o", markersize=3, label=title)
        axes.set(
            title="the command is whole already" if whole else "not yet a whole command",
            xlabel="from the end of whole commands to their end, p50, ms",
        )
    both[0].set(ylabel=f"% cut off in pauses of {_PAUSES_MS[0]} to {_PAUSES_MS[-1]} ms")
    both[0].legend(fontsize="small")
    figure.savefig(file, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)


def _is_whole(one: Utterance, commands: Commands) -> bool:
    return commands.phrase(one.before_pause.rstrip(",，")) is not None


def main() -> None:
    """Measure, and write the results."""
    hub = Hub(_SETTINGS.hub, _SETTINGS.cache_dir, offline=True, stall_seconds=10)
    model = load_model(choose_model("demo"), _SETTINGS, hub)
    described = read_home(_FOLDER / "data" / "home.yaml")
    commands = {language: Commands(language, described) for language in ("en", "zh")}
    assert model.recognizer.tokens is not None
    home = know(described, ["en", "zh"], model.recognizer.tokens)
    listener = Listener(model.frontend, model.recognizer)
    paused = [
        (listener.listen(one), _is_whole(one, commands[one.language]))
        for one in utterances.paused(_PAUSES_MS)
    ]
    said = Said(paused, [listener.listen(one) for one in utterances.commands()])
    before = replace(_USUAL, complete_silence_ms=_USUAL.silence_ms or 0,
                     unplaced_silence_ms=_USUAL.silence_ms or 0)  # fmt: skip
    ways = (
        Judging("its last words", before, lambda heard: judge_by_ending(heard.text)),
        Judging("the language's sentences", _USUAL, judge_by_sentences),
        Judging("the home's sentences", _USUAL, judge_by_sentences, home),
    )
    (_RESULTS / "endpointing.md").write_text(
        table([measure(listener, said, way) for way in ways]), encoding="utf-8"
    )
    curves = {
        way.title: [measure(listener, said, scaled(way, scale)) for scale in _SCALES]
        for way in ways
    }
    draw(_RESULTS / "endpointing.svg", curves)


if __name__ == "__main__":
    main()
