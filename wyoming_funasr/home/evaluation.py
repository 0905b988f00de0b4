"""How well a recognizer serves a home: errors, exact sentences, and commands done as meant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from wyoming_funasr.home.commands import Command, Commands
from wyoming_funasr.home.writing import is_cjk, spoken


class Outcome(StrEnum):
    """What Home Assistant does for a transcript against what was meant."""

    DONE = "done"
    """What was meant."""
    NOTHING = "nothing"
    """Nothing, though something was meant."""
    WRONG = "wrong"
    """Something else than what was meant, or something where nothing was."""
    NO_COMMAND = "no-command"
    """Nothing was meant and nothing is done."""


@dataclass(frozen=True)
class Judged:
    """One recording: its text, what was heard, and how far that is apart."""

    reference: str
    transcript: str
    errors: int
    length: int
    """In words, or in Chinese and Japanese characters."""
    outcome: Outcome

    @property
    def is_exact(self) -> bool:
        """Whether every word is right; case and punctuation do not count."""
        return self.errors == 0


@dataclass(frozen=True)
class Summary:
    """Many recordings."""

    recordings: int
    error_rate: float
    """Errors by words (WER), or by characters (CER)."""
    exact: int
    commands: int
    """Recordings in which something was meant."""
    done: int
    wrong: int


def judge(
    reference: str,
    transcript: str,
    language: str,
    commands: Commands | None,
    heard: str | None = None,
) -> Judged:
    """Compare a transcript with what was said; without `commands` nothing is meant.

    `heard` are the words as they were heard. Where the transcript is the same command in Home
    Assistant's words, they are compared: nobody said the others.
    """
    expected = _units(spoken(reference, language))
    is_reworded = (
        heard is not None and commands is not None and _is_same(heard, transcript, commands)
    )
    compared = heard if is_reworded and heard is not None else transcript
    errors = edit_distance(expected, _units(spoken(compared, language)))
    outcome = Outcome.NO_COMMAND
    if commands is not None:
        # what a person means does not depend on Home Assistant's wording
        meant = commands.meant(reference)
        outcome = _outcome(meant, commands.understand(transcript), exact=errors == 0)
    return Judged(reference, transcript, errors, len(expected), outcome)


def summarize(judged: Iterable[Judged]) -> Summary:
    """The figures of many recordings."""
    all_of_them = list(judged)
    words = sum(one.length for one in all_of_them)
    outcomes = [one.outcome for one in all_of_them]
    return Summary(
        len(all_of_them),
        sum(one.errors for one in all_of_them) / words if words else 0.0,
        sum(one.is_exact for one in all_of_them),
        len(outcomes) - outcomes.count(Outcome.NO_COMMAND),
        outcomes.count(Outcome.DONE),
        outcomes.count(Outcome.WRONG),
    )


def edit_distance(one: Sequence[str], other: Sequence[str]) -> int:
    """The fewest insertions, deletions and substitutions between two sequences."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one):
        last, row = row, [i + 1]
        for j, right in enumerate(other):
            row.append(min(last[j] + (left != right), last[j + 1] + 1, row[j] + 1))
    return row[-1]


def _outcome(meant: Command | None, understood: Command | None, *, exact: bool) -> Outcome:
    if understood is None:
        return Outcome.NO_COMMAND if meant is None else Outcome.NOTHING
    if meant is None:
        return Outcome.NO_COMMAND if exact else Outcome.WRONG
    return Outcome.DONE if understood.same_as(meant) else Outcome.WRONG


def _is_same(heard: str, transcript: str, commands: Commands) -> bool:
    phrased = commands.phrase(heard)
    meant = commands.understand(transcript)
    return phrased is not None and meant is not None and meant.same_as(commands.understand(phrased))


def _units(text: str) -> list[str]:
    """Words, and CJK characters one by one."""
    spaced = "".join(f" {c} " if is_cjk(c) else c for c in text)
    return spaced.split()
