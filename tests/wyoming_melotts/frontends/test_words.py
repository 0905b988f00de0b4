"""Tokens of a BERT put together to words."""

import pytest

from wyoming_melotts.frontends.words import words_of


@pytest.mark.parametrize(
    ("text", "tokens", "words"),
    [
        ("the lamp is on.", ["the", "lamp", "is", "on", "."], ["the", "lamp", "is", "on", "."]),
        ("un##happy", ["un", "##happy"], ["un##happy"]),
        ("unhappily so", ["un", "##hap", "##pily", "so"], ["unhappily", "so"]),
        ("don't stop", ["don", "'", "t", "stop"], ["don't", "stop"]),
        ("say 'yes' now", ["say", "'", "yes", "'", "now"], ["say", "'", "yes", "'", "now"]),
        ("the dogs' bowl", ["the", "dogs", "'", "bowl"], ["the", "dogs", "'", "bowl"]),
        ("L'été, oui", ["l", "'", "ete", ",", "oui"], ["L'été", ",", "oui"]),
        ("今天 ok", ["今", "天", "ok"], ["今", "天", "ok"]),
        ("one 🜁 two", ["one", "[UNK]", "two"], ["one", "[UNK]", "two"]),
        ("##", ["##"], ["##"]),
        ("", [], []),
    ],
)
def test_words(text: str, tokens: list[str], words: list[str]) -> None:
    found = words_of(text, tokens)
    assert [word.text for word in found] == words
    assert sum(word.tokens for word in found) == len(tokens)
