"""The n-gram: what it finds likely, and that it never shuts anything out."""

import math

import pytest

from wyoming_funasr.home.description import Home
from wyoming_funasr.home.grammar import Grammar
from wyoming_funasr.home.language_model import LanguageModel, build
from wyoming_funasr.home.vocabulary import SILENT, Vocabulary

PIECES = [
    "<unk>", "<|en|>", "。", "▁", *"开关打灯的把查是室天窗后前门锁上解二楼",
    "▁turn", "▁on", "▁off", "▁the", "▁The", "▁lamp", "▁read", "ing", "▁lock", "▁un", "lock",
    *"abcdefghijklmnopqrstuvwxyz", *(f"▁{c}" for c in "abcdefghijklmnopqrstuvwxyz"),
]  # fmt: skip


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary(PIECES)


@pytest.fixture(scope="module")
def model(vocabulary: Vocabulary, home: Home) -> LanguageModel:
    return build(vocabulary, [Grammar("en", home), Grammar("zh", home)], samples=3_000)


def _log_prob(model: LanguageModel, *pieces: str) -> float:
    """Of the last piece behind the others."""
    state, score = model.start(), 0.0
    for piece in pieces:
        state, score = model.extend(state, PIECES.index(piece))
    return score


def test_case_does_not_matter_and_signs_say_nothing(vocabulary: Vocabulary) -> None:
    classes = vocabulary.classes
    assert classes[PIECES.index("▁the")] == classes[PIECES.index("▁The")]
    assert {classes[PIECES.index(sign)] for sign in ("<|en|>", "。", "▁")} == {SILENT}


def test_words_are_spelled_with_the_longest_frequent_pieces(vocabulary: Vocabulary) -> None:
    pieces = [PIECES[token] for token in vocabulary.tokens_for("unlock the reading lamp")]
    assert pieces == ["▁un", "lock", "▁the", "▁read", "ing", "▁lamp"]


def test_a_missing_character_is_spelled_by_its_sound(vocabulary: Vocabulary) -> None:
    assert [PIECES[token] for token in vocabulary.tokens_for("茶室")] == ["查", "室"]


def test_what_the_home_says_is_likelier(model: LanguageModel) -> None:
    assert _log_prob(model, "▁turn", "▁on", "▁the") > -2
    assert _log_prob(model, "▁turn", "▁on", "▁the") > _log_prob(model, "▁turn", "▁on", "▁lock") + 3
    assert _log_prob(model, "打", "开") > _log_prob(model, "打", "关") + 3


def test_nothing_is_shut_out(model: LanguageModel) -> None:
    scores = [_log_prob(model, "▁turn", "▁on", piece) for piece in PIECES]
    assert min(scores) > math.log(1e-5)


def test_signs_change_neither_state_nor_score(model: LanguageModel) -> None:
    assert model.extend(model.start(), PIECES.index("。")) == (model.start(), 0.0)


def test_a_sentence_ends_where_the_home_says(model: LanguageModel) -> None:
    def end(*pieces: str) -> float:
        state = model.start()
        for piece in pieces:
            state = model.extend(state, PIECES.index(piece))[0]
        return math.exp(model.end(state))

    assert end("▁turn", "▁on", "▁the") < 0.03
    assert end("▁lock", "▁the", *["▁b", "a", "c", "k"], *["▁g", "a", "t", "e"]) > 0.2


def test_it_is_small(model: LanguageModel) -> None:
    assert model.bytes < 5_000_000


PUBLISHED = ["<unk>", "<s>", "</s>", "<|zh|>", "▁", "▁Turn", "▁turn", "▁TURN", "▁on", "▁ON", "▁the",
             "▁t", "urn", "T", "V", "▁TV", "▁tv", *"打开关灯电视", "▁打"]  # fmt: skip
"""As the published model's: upper and lower case, `▁` before characters, several ways to spell."""


def _encode(text: str) -> list[str]:
    """As its tokenizer does: lower-case words whole, a lone space before Chinese characters."""
    word = f"▁{text}"
    return [word] if word in PUBLISHED else ["▁", *text]


def test_the_models_own_tokenizer_spells() -> None:
    vocabulary = Vocabulary(PUBLISHED, _encode)
    spelled = [PUBLISHED[token] for token in vocabulary.tokens_for("turn on the tv")]
    assert [piece.lower() for piece in spelled] == ["▁turn", "▁on", "▁the", "▁tv"]
    assert [PUBLISHED[token] for token in vocabulary.tokens_for("打开电视")] == list("打开电视")


def test_pieces_that_differ_in_case_are_one_class() -> None:
    vocabulary = Vocabulary(PUBLISHED, _encode)
    same = {vocabulary.classes[PUBLISHED.index(p)] for p in ("▁Turn", "▁turn", "▁TURN")}
    assert len(same) == 1
    of_character = {vocabulary.classes[PUBLISHED.index(p)] for p in ("打", "▁打")}
    assert len(of_character) == 1
    assert vocabulary.classes[PUBLISHED.index("<|zh|>")] == SILENT


def test_a_spelling_that_the_model_lacks_is_replaced() -> None:
    vocabulary = Vocabulary(PUBLISHED, lambda text: ["▁unheard", "of"])
    assert [PUBLISHED[t].lower() for t in vocabulary.tokens_for("turn")] == ["▁turn"]
