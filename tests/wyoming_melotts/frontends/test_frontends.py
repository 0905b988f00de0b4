import subprocess
import sys

import pytest

from tests.wyoming_melotts.golden import recorded_frontend
from wyoming_melotts.frontends import frontend_for
from wyoming_melotts.frontends.japanese_readings import to_katakana

LIBRARIES = {
    "ZH": {"jieba", "pypinyin", "cn2an"},
    "EN": {"inflect"},
    "JP": {"fugashi", "unidic_lite", "num2words"},
    "KR": {"g2pkk", "mecab_ko", "jamo"},
    "ES": {"gruut", "num2words"},
    "FR": {"gruut", "num2words"},
}


class Letters:
    """A tokenizer that takes every character for a word."""

    def tokenize(self, text: str) -> list[str]:
        return list(text.replace(" ", ""))


@pytest.mark.parametrize("language", LIBRARIES)
def test_libraries_of_other_languages_stay_away(language: str) -> None:
    program = (
        "import sys; from wyoming_melotts.frontends import frontend_for;"
        f"frontend_for({language!r}, None); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    foreign = set().union(*LIBRARIES.values()) - LIBRARIES[language]
    assert not loaded & (foreign | {"nltk", "transformers", "torch"})


def test_unknown_language_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'XX'; there are ZH, EN, JP, KR, ES, FR"):
        frontend_for("XX", Letters())


def test_entity_ids_are_spoken_in_chinese() -> None:
    phonemes = recorded_frontend("ZH_MIX_EN").phonemize("light.living_room 已关闭")
    assert "uw" in phonemes.phones and "_" not in phonemes.phones[1:-1]
    assert phonemes.word2ph[phonemes.tokens.index("_") + 1] == 0


def test_continuation_without_a_word_begins_one() -> None:
    assert recorded_frontend("EN").phonemize("##ing").phones == ["_", "ih", "ng", "_"]


def test_kanji_without_a_reading_are_skipped() -> None:
    frontend = recorded_frontend("JP")
    assert frontend.phonemize(frontend.normalize("鱷デス")).phones[-5:] == ["d", "e", "s", "u", "_"]


def test_a_duration_is_not_a_date() -> None:
    frontend = recorded_frontend("FR")
    assert len(frontend.phonemize("3h").phones) < 6


def test_only_english_and_chinese_separate_camel_case() -> None:
    separated = {
        name: recorded_frontend(name).separate_camel_case("livingRoom")
        for name in ("ZH_MIX_EN", "EN", "JP", "KR", "ES", "FR")
    }
    apart = {name for name, text in separated.items() if text == "living Room"}
    assert apart == {"ZH_MIX_EN", "EN"}


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("鍵を開けてください", "カギヲアケテクダサイ"),
        ("お母さんが帰りました", "オカアサンガカエリマシタ"),
        ("日曜日の洗濯物", "ニチヨウビノセンタクモノ"),
        ("十四時三十分", "ジュウヨジサンジュップン"),
        ("九時に十分間", "クジニジュップンカン"),
        ("ラーメンとゔぁいおりん", "ラーメントヴァイオリン"),
    ],
)
def test_japanese_is_read_by_words(text: str, reading: str) -> None:
    assert to_katakana(text) == reading


def test_a_kanji_that_no_dictionary_has_stays() -> None:
    assert to_katakana("兙") == "兙"
