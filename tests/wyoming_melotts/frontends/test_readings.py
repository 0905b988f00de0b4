"""How names are pronounced where a home.yaml says so: phones, and what is said of its errors."""

from importlib import resources
from pathlib import Path

import pytest

from wyoming_melotts.frontends import frontend_for
from wyoming_melotts.frontends.plain_tokenizer import PlainTokenizer
from wyoming_melotts.frontends.readings import NO_READINGS, read_readings
from wyoming_serving.errors import ErrorCode, ServiceError

HOME = """
areas:
- {name: 行间}
readings:
  行间: hang2 jian1
  墨墨: [mò mo, モモ, 모모]
  Siobhan: SH IH0 V AO1 N
  Aoife's Room: EE-fa's room
"""
LANGUAGES = {"ZH": "zh", "EN": "en", "JP": "ja", "KR": "ko"}


def _home(folder: Path, text: str) -> Path:
    file = folder / "home.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("ZH", "开行间灯", "k1 ai1 h2 ang2 j1 ian1 d1 eng1"),
        ("ZH", "墨墨", "m4 o4 m5 o5"),
        ("ZH", "我是 Siobhan", "w3 o3 sh4 ir4 sh7 ih8 V7 ao9 n7"),
        ("EN", "SIOBHAN!", "sh0 ih1 V0 ao2 n0 !0"),
        ("EN", "aoife's room", "iy2 f0 aa2 '0 eh2 s0 r0 uw2 m0"),
        ("JP", "墨墨", "m0 o0 m0 o0"),
        ("KR", "墨墨", "ᄆ0 ᅩ0 ᄆ0 ᅩ0"),
    ],
)
def test_a_name_sounds_as_its_reading_says(
    key: str, text: str, expected: str, tmp_path: Path
) -> None:
    readings = read_readings(_home(tmp_path, HOME))
    frontend = frontend_for(key, PlainTokenizer(), readings)
    phonemes = frontend.phonemize(frontend.normalize(readings.respelled(text, LANGUAGES[key])))
    sounds = [f"{one}{tone}" for one, tone in zip(phonemes.phones, phonemes.tones, strict=True)]
    assert " ".join(sounds[1:-1]) == expected
    assert sum(phonemes.word2ph) == len(sounds)


@pytest.mark.parametrize("text", ["Siobhans", "Wisiobhan", "the aoife's rooms"])
def test_a_part_of_another_word_is_no_name(text: str, tmp_path: Path) -> None:
    readings = read_readings(_home(tmp_path, HOME))
    with_readings = frontend_for("EN", PlainTokenizer(), readings)
    plain = frontend_for("EN", PlainTokenizer())
    said = readings.respelled(text, "en")
    assert with_readings.phonemize(said.lower()) == plain.phonemize(text.lower())


def test_the_example_can_be_spoken() -> None:
    file = Path(str(resources.files("wyoming_funasr.home"))) / "home.example.yaml"
    readings = read_readings(file)
    assert readings.pinyin["观影"] == (("g", "uan1"), ("", "ing3"))
    assert set(readings.words) == {"ja", "ko"}


@pytest.mark.parametrize("text", ["", "readings:", "areas: []\nunknown: 3", "readings: {}"])
def test_a_home_without_readings(text: str, tmp_path: Path) -> None:
    assert read_readings(_home(tmp_path, text)) == NO_READINGS


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("readings:\n  重庆: chong2", "line 2: '重庆' has 2 characters, its reading 1; allowed:"),
        ("readings:\n  重庆: chong qing", "line 2: 'chong qing' is no reading of '重庆'; allowed:"),
        ("readings:\n  重庆: [チョン, xx1 yy2]", "line 2: 'xx1 yy2' is no reading of '重庆'"),
        ("readings:\n\n  Ann: äh", "line 3: 'äh' is no reading of 'Ann'; allowed: Pinyin"),
        ("readings:\n  Ann: ''", "line 2: names and readings are texts of 1 to 1000 characters"),
        ("readings:\n  Ann: {a: b}", "line 2: names and readings are texts"),
        ("readings: [a]", "line 1: readings must be a mapping"),
        ("- a", "line 1: the file must be a mapping"),
        ("readings: {", "not YAML: "),
        (
            "readings:\n" + "\n".join(f"  a{i}: b" for i in range(10_001)),
            "line 2: readings has 10001 entries, of at most 10000",
        ),
    ],
)
def test_an_error_is_one_line(text: str, says: str, tmp_path: Path) -> None:
    file = _home(tmp_path, text)
    with pytest.raises(ServiceError) as refused:
        read_readings(file)
    assert refused.value.code is ErrorCode.HOME_INVALID
    assert str(refused.value).startswith(str(file))
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match=r"nothing\.yaml: cannot be read"):
        read_readings(tmp_path / "nothing.yaml")
