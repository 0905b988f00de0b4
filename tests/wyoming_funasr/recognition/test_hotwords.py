"""Hotwords from settings, files and requests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from wyoming_funasr.recognition.hotwords import Hotword, merge_hotwords, read_hotword_file
from wyoming_serving.errors import ServiceError


def test_names_come_before_terms_and_the_first_ones_count() -> None:
    merged = merge_hotwords(4.0, ["Attic"], ["attic", " Zara  Room "], ["fan", "zara room"], 3)
    assert merged == (Hotword("attic", 4.0), Hotword("Zara Room", 4.0), Hotword("fan", 2.0))


def test_weight_zero_turns_hotwords_off() -> None:
    assert merge_hotwords(0.0, ["Attic"], ["x"], ["y"], 10) == ()


def test_a_hotword_file_has_one_a_line(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("# rooms\n客厅\n\n Zara Room \n", encoding="utf-8")
    assert read_hotword_file(file) == ["客厅", "Zara Room"]
    with pytest.raises(ServiceError, match="nowhere"):
        read_hotword_file(tmp_path / "nowhere")


def test_no_more_words_are_looked_at_than_may_count() -> None:
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield "attic"

    assert merge_hotwords(4.0, (), endless(), endless(), 50) == (Hotword("attic", 4.0),)
    assert taken == 100
