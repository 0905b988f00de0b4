from pathlib import Path

import pytest

from wyoming_funasr.recognition.hotwords import Hotword, merge_hotwords, read_hotword_file
from wyoming_funasr.recognition.text import clean, convert_script, join
from wyoming_funasr.requests.languages import advertised_tags, model_language, opencc_conversion
from wyoming_serving.errors import ServiceError

KNOWN = ("zh", "yue", "en", "ja", "ko")


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("<|en|><|HAPPY|><|Speech|><|withitn|>Turn on the light.", "Turn on the light."),
        ("<|zh|><|NEUTRAL|>打开 客厅 的 灯 。", "打开客厅的灯。"),
        ("打开 TV 和 LED 灯", "打开 TV 和 LED 灯"),
        ("  a   b ", "a b"),
        ("a < b | c > d", "a < b | c > d"),
        ("", ""),
    ],
)
def test_tags_and_spare_spaces_go(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


def test_pieces_of_an_utterance_are_joined_as_their_script_asks() -> None:
    assert join(["Turn on", "", "the light."]) == "Turn on the light."
    assert join(["打开", "客厅的灯。"]) == "打开客厅的灯。"


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        (None, "auto"),
        ("", "auto"),
        ("auto", "auto"),
        ("zh-CN", "zh"),
        ("zh_TW", "zh"),
        ("zh-Hant", "zh"),
        ("zh-HK", "yue"),
        ("yue", "yue"),
        ("en-GB", "en"),
        ("ja-JP", "ja"),
        ("KO-kr", "ko"),
    ],
)
def test_tags_become_languages_of_the_model(tag: str | None, language: str) -> None:
    assert model_language(tag, "auto", KNOWN) == language


def test_a_model_without_cantonese_takes_it_as_chinese() -> None:
    assert model_language("zh-HK", "auto", ("zh", "en")) == "zh"
    assert model_language("yue", "auto", ("zh", "en")) == "zh"


def test_the_configured_language_stands_in_for_none() -> None:
    assert model_language(None, "ja", KNOWN) == "ja"
    assert model_language("en", "ja", KNOWN) == "en"
    assert model_language(None, "ja", ("zh", "en")) == "auto"


def test_an_unknown_language_is_named_with_those_allowed() -> None:
    with pytest.raises(ServiceError, match=r"'xx'.*zh-CN.*en") as error:
        model_language("xx", "auto", ("zh", "en"))
    assert error.value.code == "unsupported-language"


def test_advertised_tags_tell_the_chinese_regions_apart() -> None:
    assert {"zh-CN", "zh-TW", "zh-HK", "en"} <= set(advertised_tags(("zh", "en")))


@pytest.mark.parametrize(
    ("tag", "written"),
    [
        ("zh-TW", "打開客廳裡的燈"),
        ("zh-Hant", "打開客廳裡的燈"),
        ("zh-HK", "打開客廳裏的燈"),
        ("yue", "打開客廳裏的燈"),
        ("zh-CN", "打开客厅里的灯"),
        ("zh-Hans", "打开客厅里的灯"),
        ("zh", "打开客厅里的灯"),
        (None, "打开客厅里的灯"),
        ("en", "打开客厅里的灯"),
    ],
)
def test_chinese_script_follows_the_request(tag: str | None, written: str) -> None:
    assert convert_script("打开客厅里的灯", opencc_conversion(tag, "auto")) == written


def test_a_setting_overrides_the_request() -> None:
    assert convert_script("开灯", opencc_conversion("zh-CN", "taiwan")) == "開燈"
    assert convert_script("開燈", opencc_conversion("zh-TW", "simplified")) == "开灯"


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
