"""The page of a run."""

from collections.abc import Mapping
from typing import Any

from benchmarks.gpu.steps import STEPS, Outcome, Step
from benchmarks.tables import table

_REHEARSAL = (
    "**THIS IS A REHEARSAL with tiny models on a CPU: it shows that every step runs. "
    "No figure here means anything.**"
)


def page(outcomes: Mapping[str, Outcome]) -> str:
    """Returns Markdown: for every step how it ended, and what it found."""
    lines = [
        "# On a GPU",
        "",
        "Written by `python -m benchmarks.gpu`; the values are in gpu.json.",
        "",
    ]
    if any(outcome.is_rehearsal for outcome in outcomes.values()):
        lines += [_REHEARSAL, ""]
    rows = [
        (step.title, outcomes[step.name].status, f"{outcomes[step.name].seconds:.0f}")
        for step in STEPS
        if step.name in outcomes
    ]
    lines += table(["step", "outcome", "seconds"], rows, text_columns=2)
    for step in STEPS:
        if step.name in outcomes:
            lines += _section(step, outcomes[step.name])
    return "\n".join(lines)


def _section(step: Step, outcome: Outcome) -> list[str]:
    lines = [f"## {step.title}", ""]
    if outcome.status != "ok":
        lines += [f"**{outcome.status}**", ""]
    values = {name: one for name, one in outcome.found.items() if not isinstance(one, list)}
    texts = {name: one for name, one in values.items() if "\n" in str(one)}
    plain = [(name, _cell(one)) for name, one in values.items() if name not in texts]
    if plain:
        lines += table(["what", "value"], plain, text_columns=2)
    for name, rows in outcome.found.items():
        if isinstance(rows, list) and rows:
            lines += [f"{name}:", "", *_rows(rows)]
    for text in [*texts.values(), outcome.error]:
        if text:
            lines += ["```text", str(text).strip(), "```", ""]
    return lines


def _rows(rows: list[dict[str, Any]]) -> list[str]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    words = sum(all(isinstance(row.get(name), str) for row in rows) for name in names[:1])
    cells = [[_cell(row.get(name, "")) for name in names] for row in rows]
    return table([name.replace("_", " ") for name in names], cells, text_columns=words)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return "; ".join(f"{name}: {one}" for name, one in value.items())
    return str(value).replace("|", "\\|")
