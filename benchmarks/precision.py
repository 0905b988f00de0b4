"""What int8 costs the demo model in words: the same recordings in float32 and in int8.

    python -m benchmarks.precision [FOLDER ...] --output benchmarks/results/precision.md

Besides the recordings of `tests/data`, each folder is a set: `transcripts.tsv` in it names files,
languages and texts, as for `wyoming-funasr evaluate`. A recording takes some 0.1 s of CPU time; no
figure depends on what else the machine does.
"""

import argparse
from pathlib import Path

from benchmarks.tables import table
from wyoming_funasr.evaluation import Report, Row, evaluate, read_table
from wyoming_funasr.loading import load_model
from wyoming_funasr.models import choose_model
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.cpu_features import kernels
from wyoming_serving.models.hub import Hub

_DATA = Path(__file__).parents[1] / "tests" / "data"
_SHIPPED = (_DATA, _DATA / "home_assistant_cloud")

_HEAD = ("set", "language", "recordings", "errors in float32, %", "in int8, %", "points more",
         "texts that differ")  # fmt: skip


def main() -> None:
    """Print and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--output", type=Path, help="a file for the table")
    given = parser.parse_args()
    sets = {"tests/data": [row for folder in _SHIPPED for row in read_table(folder)]}
    sets |= {folder.name: read_table(folder) for folder in given.folders}
    rows = [row for name, recordings in sets.items() for row in _rows(name, recordings)]
    lines = [
        f"# The demo model in float32 and in int8, {kernels()}",
        "",
        "Error rates are by words in English, by characters in Chinese; written by",
        "`python -m benchmarks.precision`.",
        "",
        *table(_HEAD, rows, text_columns=2),
    ]
    print("\n".join(lines))
    if given.output is not None:
        given.output.write_text("\n".join(lines), encoding="utf-8")


def _rows(name: str, recordings: list[Row]) -> list[tuple[str, ...]]:
    exact, rounded = (_report(recordings, precision) for precision in ("float32", "int8"))
    return [
        (
            name,
            language,
            str(summary.recordings),
            f"{summary.error_rate * 100:.2f}",
            f"{rounded.summaries[language].error_rate * 100:.2f}",
            f"{(rounded.summaries[language].error_rate - summary.error_rate) * 100:+.2f}",
            str(_different(exact, rounded, language)),
        )
        for language, summary in exact.summaries.items()
    ]


def _report(recordings: list[Row], precision: str) -> Report:
    given = {"model_dir": "demo", "device": "cpu", "precision": precision, "offline": True}
    settings = FunasrSettings.model_validate(given)
    model = load_model(choose_model(settings.default_model), settings, Hub.from_settings(settings))
    return evaluate(model, recordings, settings)


def _different(one: Report, other: Report, language: str) -> int:
    """How many recordings of a language are not the same text in both."""
    pairs = zip(one.recordings, other.recordings, strict=True)
    return sum(
        a.judged.transcript != b.judged.transcript for a, b in pairs if a.language == language
    )


if __name__ == "__main__":
    main()
