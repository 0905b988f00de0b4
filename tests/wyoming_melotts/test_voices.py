"""Finding voices by name and on disk."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.melotts_random_models import TINY_BERT, TINY_SIZE, write_bert, write_voice
from tests.wyoming_melotts.conftest import SettingsMaker
from tests.wyoming_melotts.tiny_voice import make_voice
from wyoming_melotts.voices import CATALOGUE, Voice, VoiceLibrary
from wyoming_melotts.voices.selection import default_voice, find_voice, fitting_voice
from wyoming_serving.errors import ServiceError


def names(voices: Sequence[Voice]) -> list[str]:
    return [voice.name for voice in voices]


def test_every_voice_of_upstream_is_listed(make_settings: SettingsMaker) -> None:
    inventory = VoiceLibrary(make_settings(voices_dir=None)).scan()
    assert [model.key for model in CATALOGUE] == [
        "ZH", "EN", "EN_V2", "EN_NEWEST", "JP", "KR", "ES", "FR",
    ]  # fmt: skip
    listed = names(inventory.voices)
    assert {"ZH", "EN-US", "EN-BR", "EN_INDIA", "EN-AU", "EN-Default", "JP", "KR"} < set(listed)
    assert {"EN_V2/EN-BR", "EN_NEWEST/EN-Newest"} < set(listed)
    assert len(listed) == len(set(listed))
    assert inventory.on_disk == {"demo"}


def test_speakers_come_from_the_checkpoint(voices_dir: Path, make_settings: SettingsMaker) -> None:
    inventory = VoiceLibrary(make_settings()).scan()
    own = [voice for voice in inventory.voices if voice.model.key == "EN"]
    assert names(own) == ["EN-US", "EN_INDIA", "EN-Default"]
    assert [voice.tags[0] for voice in own] == ["en-US", "en-IN", "en-US"]
    assert inventory.has(own[0])
    assert default_voice(None, inventory, offline=True) == own[0]


def test_a_voice_of_ones_own(tmp_path: Path, make_settings: SettingsMaker) -> None:
    make_voice(tmp_path / "zh-grandmother", {"granny": 2})
    inventory = VoiceLibrary(make_settings(voices_dir=tmp_path)).scan()
    voice = find_voice("ZH-Grandmother/Granny", inventory)
    assert (voice.speaker, voice.model.language.key) == ("granny", "ZH")
    assert voice.tags[0] == "zh-CN"


def test_a_folder_without_a_language(tmp_path: Path, make_settings: SettingsMaker) -> None:
    make_voice(tmp_path / "english")
    with pytest.raises(ServiceError, match=r"must begin with its language: ZH, EN, JP"):
        VoiceLibrary(make_settings(voices_dir=tmp_path)).scan()
    with pytest.raises(ServiceError, match="not a folder"):
        VoiceLibrary(make_settings(voices_dir=tmp_path / "none")).scan()


def test_a_voice_needs_its_bert(tmp_path: Path, make_settings: SettingsMaker) -> None:
    data = TINY_SIZE["data"] | {"disable_bert": False}
    write_voice(tmp_path / "EN", TINY_SIZE | {"data": data})
    library = VoiceLibrary(make_settings(voices_dir=tmp_path))
    model = library.scan().models["EN"]
    assert not library.is_on_disk(model)
    with pytest.raises(ServiceError, match=r"wyoming-melotts .* download EN"):
        library.fetch(model)
    write_bert(tmp_path / "bert-base-uncased", TINY_BERT)
    assert library.is_on_disk(model)
    assert library.fetch(model) == (tmp_path / "EN", tmp_path / "bert-base-uncased")


def test_what_can_be_fetched_now(make_settings: SettingsMaker) -> None:
    online = VoiceLibrary(make_settings(offline=False))
    japanese = online.scan().models["JP"]
    assert online.can_fetch(japanese, {"hf"})
    assert not online.can_fetch(japanese, {"modelscope"})
    assert not VoiceLibrary(make_settings()).can_fetch(japanese, {"hf", "modelscope"})


def test_a_chinese_voice_comes_from_modelscope_alone(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    library = VoiceLibrary(make_settings(offline=False, voices_dir=None, hub="modelscope"))
    chinese = library.scan().models["ZH"]
    assert library.can_fetch(chinese, {"modelscope"})
    assert not library.can_fetch(chinese, {"hf"})


def test_the_error_for_an_unreachable_hub_says_what_to_do(
    cache_dir: Path, make_settings: SettingsMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr("huggingface_hub.snapshot_download", unreachable)
    library = VoiceLibrary(make_settings(offline=False, voices_dir=None))
    with pytest.raises(ServiceError) as failed:
        library.fetch(library.scan().models["ZH"])
    text = failed.value.text
    cache = f"wyoming-melotts --cache-dir {cache_dir}"
    assert "no route to host" in text and "\n" not in text
    assert f"{cache} download ZH" in text
    assert f"{cache} --hub modelscope" in text
    assert f"{cache} --voice demo" in text
    assert "--voices-dir" in text


def test_a_long_name_is_refused_without_being_compared(make_settings: SettingsMaker) -> None:
    inventory = VoiceLibrary(make_settings()).scan()
    with pytest.raises(ServiceError, match="allowed: ZH, EN-US") as failed:
        find_voice("EN-US" * 200_000, inventory)
    assert len(failed.value.text) < 500


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
    inventory = VoiceLibrary(make_settings(voices_dir=tmp_path)).scan()
    assert fitting_voice(text, inventory, find_voice("EN-US", inventory)).name == expected


def test_a_japanese_voice_keeps_chinese_characters(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    make_voice(tmp_path / "ZH", {"ZH": 1})
    make_voice(tmp_path / "JP", {"JP": 0})
    inventory = VoiceLibrary(make_settings(voices_dir=tmp_path)).scan()
    assert fitting_voice("電気", inventory, find_voice("JP", inventory)).name == "JP"
