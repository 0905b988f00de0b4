"""Commands done as meant, and wrong ones, against how much the sound must bear out a command.

python -m benchmarks.home_commands FOLDER... [--out home_commands.md] reads folders that hold
`home.yaml` and, as for `wyoming-funasr evaluate`, `transcripts.tsv` with its recordings. Each
recording is recognized once by the demo model, then decided upon with each strictness
(`evidence.is_borne_out`): in the home of its folder, and in the homes of the other folders, where
next to nothing that is said should be done. Takes two minutes of a core for 150 recordings.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.home import Spy, load_demo
from wyoming_funasr.evaluation import read_table
from wyoming_funasr.files import read_audio
from wyoming_funasr.home.carriers import join_units
from wyoming_funasr.home.commands import Commands
from wyoming_funasr.home.description import read_home
from wyoming_funasr.home.evaluation import Outcome, judge
from wyoming_funasr.home.knowledge import Knowledge
from wyoming_funasr.recognition.ctc import LogProbs
from wyoming_funasr.recognition.home import Tokens
from wyoming_funasr.recognition.recognizer import RecognitionRequest

_STRICTNESS = (0.0, 0.5, 0.75, 1.0, 1.5, 2.5)


@dataclass(frozen=True)
class Said:
    """A recording: where it belongs, what it says, and what the model makes of its segments."""

    folder: Path
    language: str
    text: str
    segments: tuple[LogProbs, ...]


def listen(folders: Sequence[Path]) -> tuple[Tokens, list[Said]]:
    """All recordings through the demo model."""
    model = load_demo()
    assert model.recognizer.tokens is not None
    said = []
    for folder in folders:
        for row in read_table(folder):
            spy = Spy()
            segments = model.frontend.segments(read_audio(row.file))
            model.recognizer.recognize([RecognitionRequest(segments, row.language, home=spy)])
            heard = tuple(log_probs for _, log_probs in spy.heard)
            said.append(Said(folder, row.language, row.text, heard))
    return model.recognizer.tokens, said


def outcomes(
    folders: Sequence[Path], tokens: Tokens, said: Sequence[Said], strictness: float
) -> Iterator[tuple[str, bool, Outcome]]:
    """Language, whether it is said in its own home, and what is done."""
    for folder in folders:
        home = read_home(folder / "home.yaml")
        for language in sorted({one.language for one in said}):
            knowledge = Knowledge(home, [language], tokens, strictness=strictness)
            commands = Commands(language, home)
            for one in said:
                if one.language == language:
                    choices = (knowledge.choose(each, language) for each in one.segments)
                    text = join_units(choice.text for choice in choices if choice is not None)
                    judged = judge(one.text, text, language, commands)
                    yield language, one.folder == folder, judged.outcome


def table(counted: dict[float, Counter[tuple[str, bool, Outcome]]], languages: list[str]) -> str:
    """The counts as Markdown."""
    heads = [
        f"{language}, {where}: {what}"
        for language in languages
        for where, what in (("at home", "done"), ("at home", "wrong"), ("elsewhere", "wrong"))
    ]
    lines = [f"| strictness | {' | '.join(heads)} |", f"| ---: |{' ---: |' * len(heads)}"]
    for strictness, counts in counted.items():
        cells = [f"{strictness:g}"]
        for language in languages:
            for own, outcome in (
                (True, Outcome.DONE),
                (True, Outcome.WRONG),
                (False, Outcome.WRONG),
            ):
                of = sum(n for (la, at, _), n in counts.items() if (la, at) == (language, own))
                cells.append(f"{counts[language, own, outcome]} of {of}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.home_commands", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, help="file to write the table to")
    given = parser.parse_args()
    tokens, said = listen(given.folders)
    counted = {one: Counter(outcomes(given.folders, tokens, said, one)) for one in _STRICTNESS}
    found = table(counted, sorted({one.language for one in said}))
    print(found)
    if given.out is not None:
        given.out.write_text(found, encoding="utf-8")


if __name__ == "__main__":
    main()
