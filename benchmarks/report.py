"""The rows of a run as a page of tables with plots."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.aims import audio_seconds_per_second, cpu_seconds_per_request, judged
from benchmarks.in_process import MEASURE as IN_PROCESS
from benchmarks.in_process import OURS, SHERPA
from benchmarks.percentiles import percentiles
from benchmarks.plots import draw
from benchmarks.rows import Row, Rows
from benchmarks.tables import table

TITLES = {
    "funasr": "wyoming-funasr",
    "funasr-no-endpointing": "wyoming-funasr, endpointing off",
    "faster-whisper": "wyoming-faster-whisper",
    "faster-whisper-endpointing": "wyoming-faster-whisper, --vad-endpointing 0.7",
    "funasr-demo": "wyoming-funasr, demo model",
    "melotts": "wyoming-melotts",
    "piper": "wyoming-piper",
    OURS: "our engine",
    SHERPA: "sherpa-onnx",
}
_INTRODUCTION = """\
Our two services and the official ones, on one machine in one run, through one client.
wyoming-funasr and wyoming-faster-whisper 3.8 (its FunASR back-end) load the same folder:
SenseVoiceSmall in its real size, 234 M parameters, with random values, so the words mean nothing
and are more than anyone says in that time; time and memory do not depend on the values. MeloTTS
(Chinese, with BERT) has random weights of the published size too; wyoming-piper 2.5 speaks English
with `en_US-joe-medium`, a voice a good deal smaller. Speech is real: synthetic voices in a quiet
room, since voice activity detection must hear it.
"""
_PLOTS = {"latency.png": "Latency", "throughput.png": "Throughput", "memory.png": "Memory"}


def write_report(folder: Path, rows: Rows) -> None:
    """Write `comparison.md` and the plots of what has been measured."""
    if not any(True for _ in rows):
        return
    drawn = draw(folder, rows, TITLES)
    sections = [section(rows) for section in _SECTIONS]
    lines = ["# Measured side by side", "", _INTRODUCTION, *_facts(rows.run)]
    lines += [line for section in sections for line in section]
    lines += [f"![{_PLOTS[name]}]({name})\n" for name in drawn]
    (folder / "comparison.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def _facts(run: Row) -> list[str]:
    shown = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in run.items())
    command = "python -m benchmarks.compare" + (" --quick" if run["plan"] == "quick" else "")
    return [f"`{command}`: {shown}.", ""]


def _aims(rows: Rows) -> list[str]:
    cells = [
        (aim.text, f"{'at least' if aim.at_least else 'at most'} {aim.limit:g} {aim.unit}".strip(),
         f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}",
         "yes" if aim.is_met(value) else "**no**")
        for aim, value in judged(rows)
    ]  # fmt: skip
    return _section("Aims", "", ("aim", "wanted", "measured", "met"), cells)


def _real_time(rows: Rows) -> list[str]:
    cells = [
        (TITLES[row["server"]], str(row["case"]), str(row["requests"]),
         _spread(row["after_speech_ms"]), _spread(row["after_stop_ms"]),
         f"{cpu_seconds_per_request([row]):.2f}", str(sum(row["cut_short"])))
        for row in _of(rows, "real time")
    ]  # fmt: skip
    return _section(
        "Speech to text in real time",
        "Chunks of 32 ms at the pace of speech, as a satellite sends them. Where the server does "
        "not find the end, `audio-stop` comes 0.7 s after the speech, as from Home Assistant. "
        "Milliseconds as p50 / p95 / p99; CPU seconds of the server per utterance, all that was "
        "recognized in vain included; cut short: taken for over too early.",
        ("server", "clients", "utterances", "end of speech → transcript",
         "`audio-stop` → transcript", "CPU s", "cut short"),
        cells,
    )  # fmt: skip


def _bursts(rows: Rows) -> list[str]:
    cells = [
        (TITLES[row["server"]], _length(row), str(row["case"] if row["measure"] == "burst" else 1),
         str(row["requests"]), _spread(row["after_stop_ms"]),
         f"{audio_seconds_per_second(row):.1f}", f"{cpu_seconds_per_request([row]):.2f}")
        for measure in ("burst", "length")
        for row in _of(rows, measure)
    ]  # fmt: skip
    return _section(
        "Speech to text in bursts",
        "Audio sent as fast as the server takes it, all clients at the same moment.",
        ("server", "audio", "clients", "requests", "`audio-stop` → transcript",
         "audio seconds per second", "CPU s"),
        cells,
    )  # fmt: skip


def _pauses(rows: Rows) -> list[str]:
    measured = list(_of(rows, "pauses"))
    lengths = sorted({int(ms) for row in measured for ms in row["per_pause"]})
    cells = [
        (TITLES[row["server"]], row["case"],
         *(f"{row['ended_early'].get(str(ms), 0)} of {row['per_pause'].get(str(ms), 0)}"
           for ms in lengths),
         _spread([ms for ms, early in zip(row["after_speech_ms"], row["cut_short"], strict=True)
                  if not early]))
        for row in measured
    ]  # fmt: skip
    return _section(
        "Sentences with a pause inside",
        "Two spoken phrases with a pause between them: how many the server took for over before "
        "their end, and how long it took behind the end of the others. Where words mean nothing, "
        "only silence can tell; the demo model understands its commands.",
        ("server", "`vad_sensitivity`", *(f"{ms} ms" for ms in lengths),
         "end of speech → transcript"),
        cells, 2,
    )  # fmt: skip


def _speculation(rows: Rows) -> list[str]:
    cells = []
    for server in TITLES:
        counted = [row for row in rows if row["server"] == server and "speculation_used" in row]
        used, wasted = (sum(row[f"speculation_{way}"] for row in counted)
                        for way in ("used", "wasted"))  # fmt: skip
        if used + wasted:
            share = f"{100 * wasted / (used + wasted):.0f} %"
            cells.append((TITLES[server], str(used), str(wasted), share))
    return _section(
        "Recognition ahead",
        "Recognitions that began in a pause, over all of the above.",
        ("server", "used", "wasted", "share wasted"),
        cells,
    )


def _in_process(rows: Rows) -> list[str]:
    measured = list(_of(rows, IN_PROCESS))
    lengths = list(measured[0]["cpu_ms"]) if measured else []
    cells = [
        (TITLES[row["server"]], *(f"{min(row['cpu_ms'][length]):.0f}" for length in lengths))
        for row in measured
    ]
    return _section(
        "The recognizer without a server",
        "CPU milliseconds for an utterance from samples to text, the best of several, one thread; "
        "both load the same int8 weights in FunASR's ONNX form, and take turns.",
        ("", *(f"{length} s" for length in lengths)),
        cells,
    )


def _costs(rows: Rows) -> list[str]:
    cells = []
    for start in _of(rows, "start"):
        own = [row for row in rows if row["server"] == start["server"]]
        cells.append(
            (TITLES[start["server"]], f"{start['help_s']:.2f}",
             f"{start['first_start_s']:.1f}", f"{start['first_answer_s']:.1f}",
             f"{start['memory_mb']:.0f}", f"{own[-1]['memory_mb']:.0f}",
             f"{max(row['peak_memory_mb'] for row in own):.0f}")
        )  # fmt: skip
    return _section(
        "Start and memory",
        "A start lasts until the first answer; the second finds what the first has prepared. "
        "Memory in MB of 10⁶ bytes, all processes of the server together.",
        ("server", "`--help`, s", "first start, s", "second, s", "memory then", "at the end",
         "highest"),
        cells,
    )  # fmt: skip


def _speech(rows: Rows) -> list[str]:
    cells = [
        (TITLES[row["server"]], str(row["case"]), str(row["requests"]),
         _spread(row["first_audio_ms"]), _spread(row["total_ms"]),
         f"{row['audio_s'] / row['requests']:.1f}", f"{row['audio_s'] / row['wall_s']:.1f}",
         f"{row['cpu_s'] / row['audio_s']:.2f}")
        for row in _of(rows, "speech")
    ]  # fmt: skip
    return _section(
        "Text to speech",
        "All clients ask at the same moment. Milliseconds as p50 / p95 / p99.",
        ("server", "clients", "requests", "first audio", "whole answer", "its audio, s",
         "audio seconds per second", "CPU s per audio second"),
        cells,
    )  # fmt: skip


def _upstream(rows: Rows) -> list[str]:
    cells = [
        (row["case"], way, *(
            f"{percentiles(row[way][column]).p50:.{digits}f}"
            for column, digits in
            (("first_audio_ms", 0), ("real_time_factor", 2), ("cpu_s_per_audio_s", 2))
        ))
        for row in _of(rows, "upstream")
        for way in ("upstream", "whole", "streaming")
    ]  # fmt: skip
    return _section(
        "MeloTTS: upstream's way of computing and ours",
        "Medians. Upstream has no audio before its last; see `benchmarks/melotts_upstream.py`.",
        ("sentence (characters)", "way", "first audio, ms", "real-time factor",
         "CPU s per audio second"),
        cells, 2,
    )  # fmt: skip


def _published(rows: Rows) -> list[str]:
    measured = list(_of(rows, "wyoming-bench"))
    if not measured:
        return []
    text = (
        "Its own summaries, as it prints them: one request after another, audio sent at once. "
        "Word errors mean nothing with random weights."
    )
    lines = ["## Through wyoming-bench", "", text, ""]
    for row in measured:
        lines += [f"{TITLES[row['server']]}:", "", "```", *row["summary"], "```", ""]
    return lines


def _length(row: Row) -> str:
    return f"{row['audio_s'] / row['requests']:.0f} s"


def _of(rows: Rows, measure: str) -> Iterator[Row]:
    """The rows of a measure, servers in the order of the titles."""
    order = list(TITLES)
    found = [row for row in rows if row["measure"] == measure]
    yield from sorted(found, key=lambda row: order.index(row["server"]))


def _spread(values_ms: list[float]) -> str:
    if not values_ms:
        return "–"
    found = percentiles(values_ms)
    return f"{found.p50:.0f} / {found.p95:.0f} / {found.p99:.0f}"


def _section(
    title: str, text: str, head: Sequence[str], cells: Sequence[Sequence[str]], texts: int = 1
) -> list[str]:
    """A heading, a sentence and a table; nothing where nothing was measured."""
    if not cells:
        return []
    return [f"## {title}", "", *([text, ""] if text else []), *table(head, cells, texts)]


_SECTIONS: tuple[Callable[[Rows], list[str]], ...] = (
    _aims, _real_time, _bursts, _in_process, _pauses, _speculation, _costs, _speech, _upstream,
    _published,
)  # fmt: skip
