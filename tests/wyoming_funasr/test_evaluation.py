"""`wyoming-funasr evaluate`: what it counts, and how it shows it."""

import json
from pathlib import Path

import pytest

from tests.support.speech import DATA
from wyoming_funasr.__main__ import main
from wyoming_funasr.evaluation_page import marked

CLOUD = DATA / "home_assistant_cloud"
FIXED = ("--model-dir", "demo", "--device", "cpu", "--threads", "1", "--offline")


def run(tmp_path: Path, *words: str) -> int:
    return main(["--cache-dir", str(tmp_path / "cache"), *FIXED, *words])


@pytest.mark.parametrize("knows_home", [True, False])
def test_commands_done_as_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, knows_home: bool
) -> None:
    home = tmp_path / "home.yaml"
    home.write_text(
        "entities:\n- {name: 客厅灯, aliases: [Living Room Light], domain: light}\n", "utf-8"
    )
    page = tmp_path / "report.html"
    known = ("--home", str(home)) if knows_home else ()
    assert run(tmp_path, *known, "evaluate", str(CLOUD), "--json", "--html", str(page)) == 0
    report = json.loads(capsys.readouterr().out)
    chinese = report["summaries"]["zh"]
    assert chinese["commands"] == chinese["done"] == int(knows_home)
    assert report["memory_mb"] > 0
    assert "客厅" in page.read_text(encoding="utf-8")


def test_a_folder_without_a_table_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "evaluate", str(tmp_path)) == 1
    assert "transcripts.tsv cannot be read" in capsys.readouterr().err


def test_errors_are_marked() -> None:
    assert marked("a <b> c", "a <d> c") == "a &lt;<del>b</del><ins>d</ins>&gt; c"
