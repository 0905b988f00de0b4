"""What was wanted of the services, and whether the rows show it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.in_process import MEASURE as IN_PROCESS
from benchmarks.in_process import OURS, SHERPA
from benchmarks.percentiles import percentiles
from benchmarks.rows import Row, Rows


@dataclass(frozen=True)
class Aim:
    """A figure with its limit; `at_least` where more is better."""

    text: str
    limit: float
    unit: str
    figure: Callable[[Rows], float]
    at_least: bool = False

    def is_met(self, value: float) -> bool:
        """Whether the figure is on the right side of the limit."""
        return value >= self.limit if self.at_least else value <= self.limit


class MissingRowError(Exception):
    """What a figure is made of has not been measured."""


def judged(rows: Rows) -> Iterator[tuple[Aim, float]]:
    """The aims that the rows say something about, with their figures."""
    for aim in AIMS:
        try:
            yield aim, aim.figure(rows)
        except MissingRowError:
            continue


def audio_seconds_per_second(row: Row) -> float:
    """Of a burst."""
    return float(row["audio_s"] / row["busy_s"])


def cpu_seconds_per_request(rows: list[Row]) -> float:
    """Of all of them together, with what was recognized in vain."""
    return float(sum(row["cpu_s"] for row in rows) / sum(row["requests"] for row in rows))


def _find(rows: Rows, server: str, measure: str, case: str | int) -> Row:
    row = rows.find(server, measure, case)
    if row is None:
        raise MissingRowError
    return row


def _all(rows: Rows, server: str, measure: str) -> list[Row]:
    found = [row for row in rows if (row["server"], row["measure"]) == (server, measure)]
    if not found:
        raise MissingRowError
    return found


def _throughput_ratio(rows: Rows) -> float:
    """The best of ours over the best of the peer's, whatever the number of clients."""
    ours, peer = (
        max(map(audio_seconds_per_second, _all(rows, server, "burst")))
        for server in ("funasr", "faster-whisper")
    )
    return ours / peer


def _cpu_ratio(rows: Rows) -> float:
    ours, peer = (
        cpu_seconds_per_request(_all(rows, server, "real time"))
        for server in ("funasr", "faster-whisper")
    )
    return ours / peer


def _cut_short(rows: Rows) -> float:
    return float(sum(sum(row["cut_short"]) for row in _all(rows, "funasr", "real time")))


def _time_against_sherpa(rows: Rows, length_s: int) -> float:
    ours, peer = (
        min(_find(rows, server, IN_PROCESS, "")["cpu_ms"][str(length_s)])
        for server in (OURS, SHERPA)
    )
    return float(ours / peer)


def _steady_mb(rows: Rows, server: str) -> float:
    return float(_measured(rows, server)[-1]["memory_mb"])


def _highest_mb(rows: Rows, server: str) -> float:
    return float(max(row["peak_memory_mb"] for row in _measured(rows, server)))


def _measured(rows: Rows, server: str) -> list[Row]:
    """Every row of a server with its memory."""
    found = [row for row in rows if row["server"] == server and "memory_mb" in row]
    if not found:
        raise MissingRowError
    return found


def _real_time_factor(rows: Rows) -> float:
    row = _find(rows, "melotts", "speech", 1)
    return float(sum(row["total_ms"]) / 1000 / row["audio_s"])


def _first_audio(rows: Rows, clients: int) -> list[float]:
    found: list[float] = _find(rows, "melotts", "speech", clients)["first_audio_ms"]
    return found


AIMS = (
    Aim(
        "`audio-stop` to transcript, p50, one client in real time, endpointing off",
        20, "ms",
        lambda rows: percentiles(
            _find(rows, "funasr-no-endpointing", "real time", 1)["after_stop_ms"]
        ).p50,
    ),
    Aim(
        "end of speech to transcript, p50, one client, server-side endpointing",
        600, "ms",
        lambda rows: percentiles(_find(rows, "funasr", "real time", 1)["after_speech_ms"]).p50,
    ),
    Aim(
        "`audio-stop` to transcript, p95, 5 clients in real time, endpointing off",
        300, "ms",
        lambda rows: percentiles(
            _find(rows, "funasr-no-endpointing", "real time", 5)["after_stop_ms"]
        ).p95,
    ),
    Aim(
        "throughput in bursts, the best of ours over the best of the peer's",
        3, "times", _throughput_ratio, at_least=True,
    ),
    Aim(
        "CPU time for 5 s in one thread, features included, ours over sherpa-onnx's",
        0.95, "times", lambda rows: _time_against_sherpa(rows, 5),
    ),
    Aim("CPU seconds per utterance in real time, ours over the peer's", 1.6, "times", _cpu_ratio),
    Aim("commands cut short in real time, server-side endpointing", 0, "", _cut_short),
    Aim("wyoming-funasr, memory at the end", 500, "MB", lambda rows: _steady_mb(rows, "funasr")),
    Aim("wyoming-funasr, highest memory", 650, "MB", lambda rows: _highest_mb(rows, "funasr")),
    Aim(
        "wyoming-funasr, second start to first answer",
        3, "s", lambda rows: float(_find(rows, "funasr", "start", "")["first_answer_s"]),
    ),
    Aim(
        "wyoming-melotts, highest memory with one client",
        700, "MB", lambda rows: float(_find(rows, "melotts", "speech", 1)["peak_memory_mb"]),
    ),
    Aim(
        "wyoming-melotts, highest memory with ten clients",
        1000, "MB", lambda rows: float(_find(rows, "melotts", "speech", 10)["peak_memory_mb"]),
    ),
    Aim("wyoming-melotts, whole answer, real-time factor, one client", 0.48, "",
        _real_time_factor),
    Aim(
        "wyoming-melotts, first audio, one client, p50",
        200, "ms", lambda rows: percentiles(_first_audio(rows, 1)).p50,
    ),
    Aim(
        "wyoming-melotts, first audio, 5 clients at once, p95",
        500, "ms", lambda rows: percentiles(_first_audio(rows, 5)).p95,
    ),
    Aim(
        "wyoming-melotts, second start to first answer",
        3, "s", lambda rows: float(_find(rows, "melotts", "start", "")["first_answer_s"]),
    ),
)  # fmt: skip
