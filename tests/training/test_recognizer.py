"""The recipe of the demo recognizer: its first sentences, its tokens and phones."""

from pathlib import Path

import pytest

from training.recognizer import phones, vocabulary
from training.recognizer.commands import Sentence, chinese_number, english_number, sentences
from training.recognizer.phones import Phones
from training.recognizer.vocabulary import Vocabulary


@pytest.mark.parametrize("language", ["en", "zh"])
def test_sentences_differ_and_repeat_with_their_seed(language: str) -> None:
    found = sentences(language, 300, seed=1)
    assert len(set(found)) == 300
    assert found == sentences(language, 300, seed=1)
    assert found != sentences(language, 300, seed=2)


def test_sentences_are_written_with_capitals_and_marks() -> None:
    assert Sentence("en", "is the door locked").text == "Is the door locked?"
    assert Sentence("en", "turn on the light").text == "Turn on the light."
    assert Sentence("zh", "现在几点了").text == "现在几点了？"
    assert Sentence("zh", "打开客厅的灯").text == "打开客厅的灯。"


def test_numbers_in_words() -> None:
    assert [english_number(n) for n in (7, 12, 40, 58, 100)] == [
        "seven", "twelve", "forty", "fifty eight", "one hundred",
    ]  # fmt: skip
    assert [chinese_number(n) for n in (7, 10, 12, 40, 58)] == [
        "七",
        "十",
        "十二",
        "四十",
        "五十八",
    ]


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    folder = tmp_path_factory.mktemp("vocabulary")
    vocabulary.write(folder, sentences("en", 300, 1) + sentences("zh", 300, 1))
    return Vocabulary(folder)


@pytest.mark.parametrize("text", ["Turn on the kitchen light.", "打开客厅的灯。", "打开Netflix。"])
def test_tokens_give_back_the_text(tokens: Vocabulary, text: str) -> None:
    assert tokens.decode(tokens.encode(text)) == text


def test_a_mandarin_character_is_a_token(tokens: Vocabulary) -> None:
    assert len(tokens.encode("打开客厅的灯")) == 6
    assert tokens.tag("zh") != tokens.tag("en")
    assert len(tokens.piece_lengths(tokens.encode("turn on"))) == len(tokens.encode("turn on"))


def test_the_vocabulary_knows_which_texts_it_can_write(tokens: Vocabulary) -> None:
    assert tokens.knows("打开客厅的灯。")
    assert not tokens.knows("饕餮")


def test_phones_leave_out_stress_length_and_marks(tmp_path: Path) -> None:
    assert phones.symbols("tˈɜːn ðə, kʰai→.") == list("tɜnðəkʰai→")
    phones.write(tmp_path, ["tˈɜːn", "ðə"])
    known = Phones(tmp_path)
    assert len(known) == 6
    assert 0 not in known.encode("tɜnðə")
    assert known.encode("xxtx") == known.encode("t")
