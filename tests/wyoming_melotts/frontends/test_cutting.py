"""Texts that are longer than a piece may be are cut where it hurts least."""

import pytest

from wyoming_melotts.frontends.cutting import cut_long
from wyoming_melotts.frontends.splitting import LONGEST_CJK_PIECE, split_cjk, split_latin


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("short", ["short"]),
        ("", []),
        ("一二三四五，六。七八九十", ["一二三四五，六。", "七八九十"]),
        ("一二三四五六，七八九十一", ["一二三四五六，", "七八九十一"]),
        ("one two three", ["one two", "three"]),
        ("it is 3.14159 now", ["it is", "3.14159", "now"]),
        ("客厅的温度123.5度", ["客厅的温度", "123.5度"]),
        ("客厅温度23.5度了吧", ["客厅温度23.5度了", "吧"]),
        ("aaaaaaaaaaaaaaa", ["aaaaaaaaaa", "aaaaa"]),
    ],
)
def test_the_best_place_is_taken(text: str, parts: list[str]) -> None:
    assert cut_long(text, 10) == parts


@pytest.mark.parametrize("character", "一あ漢가a1.।")
def test_no_piece_is_longer_than_allowed(character: str) -> None:
    text = character * 10_000
    pieces = split_cjk(text)
    assert max(map(len, pieces), default=0) <= LONGEST_CJK_PIECE
    assert "".join(pieces).replace(" ", "") == text
    assert max(map(len, split_latin(text)), default=0) <= 512
