"""Finding voices by name and on disk."""

from pathlib import Path

import pytest

from benchmarks.melotts_random_models import TINY_BERT, TINY_SIZE, write_bert, write_voice
from tests.wyoming_melotts.conftest import SettingsMaker
from tests.wyoming_melotts.tiny_voice import make_voice
from wyoming_melotts.voices import CATALOGUE, Voice, VoiceLibrary
from wyoming_serving.errors import ServiceError


def names(voices: list[Voice]) -> list[str]:
    return [voice.name for voice in voices]


def test_every_voice_of_upstream_is_listed(make_settings: SettingsMaker) -> None:
    library = VoiceLibrary(make_settings(voices_dir=None))
    assert [model.key for model in CATALOGUE] == [
        "ZH", "EN", "EN_V2", "EN_NEWEST", "JP", "KR", "ES", "FR",
    ]  # fmt: skip
    listed = names(library.voices())
    assert {"ZH", "EN-US", "EN-BR", "EN_INDIA", "EN-AU", "EN-Default", "JP", "KR"} < set(listed)
    assert {"EN_V2/EN-BR", "EN_NEWEST/EN-Newest"} < set(listed)
    assert len(listed) == len(set(listed))
    assert not any(map(library.on_disk, CATALOGUE))


def test_speakers_come_from_the_checkpoint(voices_dir: Path, make_settings: SettingsMaker) -> None:
    library = VoiceLibrary(make_settings())
    own = [voice for voice in library.voices() if voice.model.key == "EN"]
    assert names(own) == ["EN-US", "EN_INDIA", "EN-Default"]
    assert [voice.tags[0] for voice in own] == ["en-US", "en-IN", "en-US"]
    assert library.on_disk(own[0].model)
    assert library.default(None) == own[0]


def test_a_voice_of_ones_own(tmp_path: Path, make_settings: SettingsMaker) -> None:
    make_voice(tmp_path / "zh-grandmother", {"granny": 2})
    library = VoiceLibrary(make_settings(voices_dir=tmp_path))
    voice = library.find("ZH-Grandmother/Granny")
    assert (voice.speaker, voice.model.language.key) == ("granny", "ZH")
    assert voice.tags[0] == "zh-CN"


def test_a_folder_without_a_language(tmp_path: Path, make_settings: SettingsMaker) -> None:
    make_voice(tmp_path / "english")
    with pytest.raises(ServiceError, match=r"must begin with its language: ZH, EN, JP"):
        VoiceLibrary(make_settings(voices_dir=tmp_path))
    with pytest.raises(ServiceError, match="not a folder"):
        VoiceLibrary(make_settings(voices_dir=tmp_path / "none"))


def test_a_voice_needs_its_bert(tmp_path: Path, make_settings: SettingsMaker) -> None:
    data = TINY_SIZE["data"] | {"disable_bert": False}
    write_voice(tmp_path / "EN", TINY_SIZE | {"data": data})
    library = VoiceLibrary(make_settings(voices_dir=tmp_path))
    model = library.models["EN"]
    assert not library.on_disk(model)
    with pytest.raises(ServiceError, match="wyoming-melotts download EN"):
        library.fetch(model)
    write_bert(tmp_path / "bert-base-uncased", TINY_BERT)
    assert library.on_disk(model)
    assert library.fetch(model) == (tmp_path / "EN", tmp_path / "bert-base-uncased")


def test_what_can_be_fetched_now(make_settings: SettingsMaker) -> None:
    online = VoiceLibrary(make_settings(offline=False))
    japanese = online.models["JP"]
    assert online.can_speak(japanese, {"hf"})
    assert not online.can_speak(japanese, {"modelscope"})
    assert not VoiceLibrary(make_settings()).can_speak(japanese, {"hf", "modelscope"})
    assert online.can_speak(online.models["EN"], set())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello", "EN-US"),
        ("你好", "ZH"),
        ("こんにちは世界", "JP"),
        ("안녕하세요", "EN-US"),
        ("", "EN-US"),
    ],
)
def test_a_text_in_another_script_gets_a_voice_that_reads_it(
    text: str, expected: str, tmp_path: Path, make_settings: SettingsMaker
) -> None:
    make_voice(tmp_path / "EN")
    make_voice(tmp_path / "ZH", {"ZH": 1})
    make_voice(tmp_path / "JP", {"JP": 0})
    library = VoiceLibrary(make_settings(voices_dir=tmp_path))
    assert library.fitting(text, library.find("EN-US")).name == expected


def test_a_japanese_voice_keeps_chinese_characters(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    make_voice(tmp_path / "ZH", {"ZH": 1})
    make_voice(tmp_path / "JP", {"JP": 0})
    library = VoiceLibrary(make_settings(voices_dir=tmp_path))
    assert library.fitting("電気", library.find("JP")).name == "JP"
