"""How well a folder of recordings is recognized, and how well a home is served by it."""

import csv
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles

from wyoming_funasr.files import read_audio, transcribe
from wyoming_funasr.home.carriers import join_units
from wyoming_funasr.home.commands import Commands
from wyoming_funasr.home.context import UtteranceHome, know
from wyoming_funasr.home.description import read_home
from wyoming_funasr.home.evaluation import Judged, Outcome, Summary, judge, summarize
from wyoming_funasr.home.grammar import TEMPLATE_LANGUAGES
from wyoming_funasr.pipeline import LoadedModel
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.errors import ErrorCode, ServiceError

TABLE = "transcripts.tsv"
"""In the folder; its first line names the columns, of which these are read."""

COLUMNS = ("file", "language", "text")


@dataclass(frozen=True)
class Row:
    """One recording: what it says, by the table."""

    file: Path
    language: str
    text: str


@dataclass(frozen=True)
class Evaluated:
    """One recording, recognized and judged."""

    file: str
    language: str
    judged: Judged
    ambiguous: bool
    seconds: float
    """That recognition took."""


@dataclass(frozen=True)
class Report:
    """All recordings of a folder; seconds are the percentiles of recognition alone."""

    recordings: tuple[Evaluated, ...]
    summaries: dict[str, Summary]
    """By language."""
    p50_seconds: float
    p95_seconds: float
    memory_mb: int
    """Most memory that the process had."""


def read_table(folder: Path) -> list[Row]:
    """The recordings of a folder.

    Raises:
        ServiceError: `audio-invalid`, the table cannot be read, or lacks a column.
    """
    table = folder / TABLE
    try:
        lines = table.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ServiceError(ErrorCode.AUDIO_INVALID, f"{table} cannot be read: {error}") from None
    rows = []
    for number, row in enumerate(csv.DictReader(lines, delimiter="\t"), start=2):
        if any(not row.get(column) for column in COLUMNS):
            raise ServiceError(
                ErrorCode.AUDIO_INVALID,
                f"{table}, line {number}: a column is missing; allowed: {', '.join(COLUMNS)}, "
                "with tabs between, named in the first line",
            )
        rows.append(Row(folder / row["file"], row["language"], row["text"]))
    if not rows:
        raise ServiceError(ErrorCode.AUDIO_INVALID, f"{table} names no recordings")
    return rows


def evaluate(model: LoadedModel, rows: Sequence[Row], settings: FunasrSettings) -> Report:
    """Recognize and judge recordings, one after the other.

    Raises:
        ServiceError: a recording cannot be read, or the home is wrong.
    """
    languages = sorted({row.language for row in rows if row.language in TEMPLATE_LANGUAGES})
    home, commands = None, {}
    if settings.home is not None:
        described = read_home(settings.home)
        commands = {language: Commands(language, described) for language in languages}
        if model.recognizer.tokens is not None:
            home = know(described, languages, model.recognizer.tokens)
    recordings = tuple(_evaluated(model, rows, settings, home, commands))
    by_language = {
        language: summarize(one.judged for one in recordings if one.language == language)
        for language in dict.fromkeys(row.language for row in rows)
    }
    took = [one.seconds for one in recordings]
    cuts = quantiles(took, n=20) if len(took) > 1 else took * 19
    return Report(recordings, by_language, cuts[9], cuts[18], _memory_mb())


def _evaluated(
    model: LoadedModel,
    rows: Sequence[Row],
    settings: FunasrSettings,
    home: UtteranceHome | None,
    commands: dict[str, Commands],
) -> Iterator[Evaluated]:
    for row in rows:
        started = time.perf_counter()
        heard = transcribe(model, read_audio(row.file), settings, home)
        seconds = time.perf_counter() - started
        words = join_units(word.text for word in heard.words)
        judged = judge(row.text, heard.text, row.language, commands.get(row.language), words)
        yield Evaluated(row.file.name, row.language, judged, bool(heard.alternatives), seconds)


def as_json(report: Report) -> dict[str, object]:
    """The report for programs."""
    return asdict(report)


def as_text(report: Report) -> str:
    """The report for a terminal."""
    lines = []
    for one in report.recordings:
        if not one.judged.is_exact or one.judged.outcome in (Outcome.WRONG, Outcome.NOTHING):
            lines.append(f"{one.file}: {one.judged.outcome}")
            lines += [f"  said:  {one.judged.reference}", f"  heard: {one.judged.transcript}"]
    for language, found in report.summaries.items():
        lines.append(
            f"{language}: {found.recordings} recordings, {error_name(language)} "
            f"{found.error_rate:.3f}, {found.exact} exact; of {found.commands} commands "
            f"{found.done} done as meant; {found.wrong} wrong ones"
        )
    lines.append(
        f"recognition p50 {report.p50_seconds * 1000:.0f} ms, p95 "
        f"{report.p95_seconds * 1000:.0f} ms; at most {report.memory_mb} MB of memory"
    )
    return "\n".join(lines)


def error_name(language: str) -> str:
    """What the error rate of a language is called."""
    return "WER" if language in ("en", "ko") else "CER"


def _memory_mb() -> int:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // (1024 * 1024) if sys.platform == "darwin" else most // 1024
