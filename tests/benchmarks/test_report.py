import json
from pathlib import Path

import pytest

from benchmarks.aims import AIMS, judged
from benchmarks.report import write_report
from benchmarks.rows import OtherRunError, Row, Rows
from benchmarks.server_process import speculation_runs

RUN = {"plan": "full", "cpu": "a processor", "cores": 2, "date": "2026-11-21 10:00 UTC"}
USED = {"wall_s": 10.0, "memory_mb": 800, "peak_memory_mb": 1300}


def spoken(server: str, clients: int, after_stop_ms: list[float], **more: object) -> Row:
    return {
        "server": server, "measure": "real time", "case": clients,
        "requests": 4, "after_speech_ms": [450.0, 460.0, 470.0, 480.0],
        "after_stop_ms": after_stop_ms, "cut_short": [False] * 4, "cpu_s": 2.0,
        "speculation_used": 4, "speculation_wasted": 1, **USED, **more,
    }  # fmt: skip


def burst(server: str, busy_s: float) -> Row:
    return {
        "server": server, "measure": "burst", "case": 5,
        "requests": 10, "after_stop_ms": [900.0] * 10, "audio_s": 30, "busy_s": busy_s,
        "cpu_s": 4.0, "speculation_used": 0, "speculation_wasted": 0, **USED,
    }  # fmt: skip


def pauses() -> Row:
    return {
        "server": "funasr", "measure": "pauses", "case": "default",
        "requests": 4, "after_speech_ms": [500.0, -900.0, 510.0, 520.0], "after_stop_ms": [],
        "cut_short": [False, True, False, False], "ended_early": {"200": 0, "600": 1},
        "per_pause": {"200": 2, "600": 2},
        "cpu_s": 2.0, "speculation_used": 3, "speculation_wasted": 3, **USED,
    }  # fmt: skip


def filled(file: Path) -> Rows:
    rows = Rows(file, RUN)
    rows.add(spoken("funasr", 1, []))
    rows.add(spoken("funasr-no-endpointing", 1, [5.0, 6.0, 7.0, 8.0]))
    rows.add(spoken("faster-whisper", 1, [300.0, 310.0, 320.0, 330.0], cpu_s=1.0))
    rows.add(burst("funasr", 1.0))
    rows.add(burst("faster-whisper", 2.0))
    rows.add(pauses())
    return rows


def test_rows_on_disk_are_found_again(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    written = list(filled(file))
    again = Rows(file, RUN | {"date": "later"})
    assert list(again) == written
    assert again.run["date"] == RUN["date"]
    found = again.find("funasr", "burst", 5)
    assert found is not None and found["audio_s"] == 30
    assert again.find("funasr", "burst", 10) is None


def test_a_row_measured_again_takes_the_place_of_the_first(tmp_path: Path) -> None:
    rows = filled(tmp_path / "rows.jsonl")
    rows.add(burst("funasr", 3.0))
    found = Rows(tmp_path / "rows.jsonl", RUN).find("funasr", "burst", 5)
    assert found is not None and found["busy_s"] == 3


@pytest.mark.parametrize("other", [{"plan": "quick"}, {"cpu": "another"}, {"cores": 8}])
def test_a_run_of_another_kind_is_not_continued(tmp_path: Path, other: Row) -> None:
    filled(tmp_path / "rows.jsonl")
    with pytest.raises(OtherRunError, match=next(iter(other))):
        Rows(tmp_path / "rows.jsonl", RUN | other)


def test_aims_are_judged_by_the_rows_that_there_are(tmp_path: Path) -> None:
    found = {aim.text: (round(value, 2), aim.is_met(value)) for aim, value in
             judged(filled(tmp_path / "rows.jsonl"))}  # fmt: skip
    assert len(found) == 7 < len(AIMS)
    assert list(found.values()) == [
        (6.5, True), (465, True), (2.0, False), (2.0, False), (0, True), (800, False),
        (1300, False),
    ]  # fmt: skip


def test_the_page_shows_what_was_measured_and_nothing_else(tmp_path: Path) -> None:
    write_report(tmp_path, filled(tmp_path / "rows.jsonl"))
    page = (tmp_path / "comparison.md").read_text(encoding="utf-8")
    assert "| wyoming-funasr | 1 | 4 | 465 / 478 / 480 | – | 0.50 | 0 |" in page
    assert "| wyoming-faster-whisper | 3 s | 5 | 10 | 900 / 900 / 900 | 15.0 | 0.40 |" in page
    assert "| wyoming-funasr | default | 0 of 2 | 1 of 2 | 510 / 519 / 520 |" in page
    assert "| wyoming-funasr | 7 | 4 | 36 % |" in page
    assert "## Text to speech" not in page
    for name in ("latency.png", "throughput.png", "memory.png"):
        assert f"({name})" in page
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_a_page_can_be_written_from_a_run_that_has_begun(tmp_path: Path) -> None:
    rows = Rows(tmp_path / "rows.jsonl", RUN)
    write_report(tmp_path, rows)
    assert not (tmp_path / "comparison.md").exists()
    rows.add(burst("funasr", 1.0))
    write_report(tmp_path, rows)
    assert "## Speech to text in bursts" in (tmp_path / "comparison.md").read_text(encoding="utf-8")
    lines = (tmp_path / "rows.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line).get("measure") for line in lines] == [None, "burst"]


def test_speculative_runs_are_read_from_metrics() -> None:
    metrics = """\
# HELP funasr_speculation_runs_total Recognitions that began in a pause
# TYPE funasr_speculation_runs_total counter
funasr_speculation_runs_total{outcome="used"} 12.0
funasr_speculation_runs_total{outcome="wasted"} 5.0
funasr_speculation_runs_created{outcome="used"} 1.7e+09
"""
    assert speculation_runs(metrics) == {"used": 12, "wasted": 5}
