"""Plots of what was measured."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.aims import audio_seconds_per_second
from benchmarks.rows import Row, Rows

_FIGURE_INCHES = (8.0, 4.5)


def draw(folder: Path, rows: Rows, titles: Mapping[str, str]) -> list[str]:
    """Draw each plot that there are rows for; gives the names of the files."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    drawn = []
    for name, plot in (
        ("latency.png", _latency), ("throughput.png", _throughput), ("memory.png", _memory),
    ):  # fmt: skip
        figure, axes = pyplot.subplots(figsize=_FIGURE_INCHES, layout="constrained")
        plot(axes, rows, titles)
        if axes.has_data():
            axes.legend(
                fontsize="x-small", loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3
            )
            figure.savefig(folder / name, dpi=110, bbox_inches="tight", metadata={"Software": None})
            drawn.append(name)
        pyplot.close(figure)
    return drawn


def _latency(axes: Any, rows: Rows, titles: Mapping[str, str]) -> None:
    """How many utterances had their transcript within which time."""
    for server, title in titles.items():
        for clients, style in ((1, "-"), (5, "--")):
            row = rows.find(server, "real time", clients)
            if row is None:
                continue
            values = sorted(row["after_speech_ms"])
            shares = [100 * number / len(values) for number in range(len(values) + 1)]
            label = f"{title}, {clients} client{'s' if clients > 1 else ''}"
            color = _color(server, titles)
            axes.step([values[0], *values], shares, style, where="post", label=label, color=color)
    axes.set(xlabel="from the end of speech to the transcript, ms", ylabel="% of utterances",
             title="In real time", ylim=(0, 101))  # fmt: skip


def _throughput(axes: Any, rows: Rows, titles: Mapping[str, str]) -> None:
    for server, title in titles.items():
        found = [row for row in rows if (row["server"], row["measure"]) == (server, "burst")]
        points = sorted((row["case"], audio_seconds_per_second(row)) for row in found)
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", label=title,
                      color=_color(server, titles))  # fmt: skip
    axes.set(xlabel="clients at once", ylabel="seconds of audio per second", title="In bursts")
    axes.set_ylim(bottom=0)


def _memory(axes: Any, rows: Rows, titles: Mapping[str, str]) -> None:
    measured: dict[str, list[Row]] = {}
    for row in rows:
        if "memory_mb" in row:
            measured.setdefault(row["server"], []).append(row)
    names = [server for server in titles if server in measured]
    peaks = [max(row["peak_memory_mb"] for row in measured[name]) for name in names]
    steady = [measured[name][-1]["memory_mb"] for name in names]
    labels = [titles[name] for name in names]
    axes.barh(labels, peaks, color="lightgray", label="highest")
    axes.barh(labels, steady, height=0.5, label="at the end")
    axes.invert_yaxis()
    axes.set(xlabel="MB", title="Memory")


def _color(server: str, titles: Mapping[str, str]) -> str:
    return f"C{list(titles).index(server)}"
