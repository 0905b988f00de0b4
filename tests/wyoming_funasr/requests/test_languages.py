"""Languages and scripts that a request asks for."""

import pytest

from wyoming_funasr.recognition.text import convert_script
from wyoming_funasr.requests.languages import (
    advertised_tags,
    model_language,
    opencc_conversion,
    opencc_conversions,
)
from wyoming_serving.errors import ServiceError

KNOWN = ("zh", "yue", "en", "ja", "ko")


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


def test_every_conversion_that_a_tag_may_need_is_known_beforehand() -> None:
    tags = ("zh-TW", "zh-HK", "zh-CN", "zh-Hant", "yue", "yue-Hans", "en", None)
    needed = {opencc_conversion(tag, "auto") for tag in tags} - {None}
    assert set(opencc_conversions("auto")) == needed
    assert opencc_conversions("taiwan") == ("s2tw",)
