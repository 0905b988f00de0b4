"""Quote the results in docs/scaling.md: `python -m benchmarks.ray.summary`."""

import json
import re
from pathlib import Path
from typing import Any

from benchmarks.percentiles import Percentiles
from benchmarks.ray.load import CLIENTS, Run
from benchmarks.ray.simulation import AIM_MS, GPUS, Figures, most_sessions

RESULTS = Path(__file__).parents[1] / "results" / "ray.json"
PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"

_QUOTED = re.compile(
    r"(<!-- written by python -m benchmarks\.ray\.summary -->\n).*(<!-- until here -->)", re.DOTALL
)
_ALL = "../benchmarks/results/ray.md"


def quoted(page: str, results: dict[str, Any]) -> str:
    """Returns a page with the figures of those results in place of what it quotes."""
    return _QUOTED.sub(lambda found: f"{found[1]}{summary(results)}{found[2]}", page)


def summary(results: dict[str, Any]) -> str:
    """Returns the figures as Markdown, with a line's end."""
    runs = [_run(one) for one in results["runs"]]
    here = {one.service: one.alone_ms.p50 for one in runs if not one.replicas}
    of_one = next(one for one in runs if (one.service, one.replicas) == ("recognizer", 1))
    sessions = [most_sessions(gpus, Figures.of(of_one)) for gpus in GPUS]
    lines = [
        f"Measured with the demo models on {results['cores']} cores of {results['processor']}, "
        f"which front, Ray and replicas share ([all figures]({_ALL})):",
        "",
        f"| service | replicas | p50 alone | beyond in-process | requests/s of {CLIENTS} clients |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {one.service} | {one.replicas or 'in-process'} | {one.alone_ms.p50:.1f} ms "
            f"| {one.alone_ms.p50 - here[one.service]:.1f} ms | {one.per_second:.0f} |"
            for one in runs
        ),
        "",
        f"Calibrated with these figures, a [simulation]({_ALL}#a-simulation-not-a-measurement) has "
        f"{_listed(GPUS)} GPUs carry {_listed(sessions)} sessions, 95 % of whose answers come "
        f"within {AIM_MS:g} ms. It assumes how fast a GPU is; its page says what else.",
        "",
    ]
    return "\n".join(lines)


def _run(found: dict[str, Any]) -> Run:
    times = {name: Percentiles(**found[name]) for name in ("alone_ms", "under_load_ms")}
    return Run(**found | times)


def _listed(numbers: tuple[int, ...] | list[int]) -> str:
    *most, last = map(str, numbers)
    return f"{', '.join(most)} and {last}"


if __name__ == "__main__":
    text = quoted(PAGE.read_text(encoding="utf-8"), json.loads(RESULTS.read_text(encoding="utf-8")))
    PAGE.write_text(text, encoding="utf-8")
