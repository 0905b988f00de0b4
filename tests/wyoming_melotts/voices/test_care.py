"""Looking after the voices of the cache."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from tests.wyoming_melotts.conftest import SettingsMaker
from wyoming_melotts.voices.care import VoiceCare, VoiceModelState
from wyoming_melotts.voices.current import CurrentVoices
from wyoming_melotts.voices.library import VoiceLibrary
from wyoming_serving.errors import ServiceError

CHINESE = "myshell-ai--MeloTTS-Chinese"
BERT = "google-bert--bert-base-uncased"
WEIGHTS = bytes(1000)


def write_voice(folder: Path, *, uses_bert: bool) -> None:
    """A voice, as far as one looks at its files without loading it."""
    folder.mkdir(parents=True)
    card = {"data": {"spk2id": {"ZH": 0}, "disable_bert": not uses_bert}}
    (folder / "config.json").write_text(json.dumps(card), encoding="utf-8")
    (folder / "checkpoint.pth").write_bytes(WEIGHTS)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache with two English voices, their BERT, and a Chinese voice that uses none."""
    folder = tmp_path / "cache"
    write_voice(folder / "myshell-ai--MeloTTS-English", uses_bert=True)
    write_voice(folder / "myshell-ai--MeloTTS-English-v2", uses_bert=True)
    write_voice(folder / CHINESE, uses_bert=False)
    (folder / BERT).mkdir()
    for name in ("config.json", "vocab.txt", "model.safetensors"):
        (folder / BERT / name).touch()
    return folder


def care_of(make_settings: SettingsMaker, cache: Path, **changes: object) -> VoiceCare:
    settings = make_settings(**{"cache_dir": cache, "voices_dir": None} | changes)
    library = VoiceLibrary(settings)
    return VoiceCare(CurrentVoices(library, settings), library)


def entries(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


async def states(care: VoiceCare) -> dict[str, VoiceModelState]:
    return {state.model.key: state for state in await care.states()}


async def test_each_voice_is_listed_with_what_it_takes(
    cache: Path, make_settings: SettingsMaker
) -> None:
    found = await states(care_of(make_settings, cache))
    assert found["ZH"].is_on_disk and found["ZH"].is_removable
    assert found["ZH"].bytes_on_disk >= len(WEIGHTS)
    assert not found["KR"].is_on_disk and not found["KR"].is_removable
    assert found["KR"].bytes_on_disk == 0


async def test_a_bert_leaves_with_the_last_voice_that_uses_it(
    cache: Path, make_settings: SettingsMaker
) -> None:
    care = care_of(make_settings, cache)
    await care.remove("EN")
    assert (cache / BERT).is_dir()
    assert not (await states(care))["EN"].is_on_disk
    await care.remove("EN_V2")
    assert entries(cache) == [CHINESE]


@pytest.mark.parametrize("key", ["KR", "zh-mine", "no-such", "../../etc"])
async def test_what_is_not_in_the_cache_is_not_deleted(
    key: str, cache: Path, tmp_path: Path, make_settings: SettingsMaker
) -> None:
    write_voice(tmp_path / "mine" / "zh-mine", uses_bert=False)
    care = care_of(make_settings, cache, voices_dir=tmp_path / "mine")
    before = entries(tmp_path / "cache") + entries(tmp_path / "mine")
    with pytest.raises(ServiceError):
        await care.remove(key)
    assert entries(tmp_path / "cache") + entries(tmp_path / "mine") == before


async def test_a_download_that_fails_is_told_until_the_next_try(
    cache: Path, make_settings: SettingsMaker
) -> None:
    care = care_of(make_settings, cache)  # offline
    care.download("KR")
    care.download("KR")  # goes on already
    async with asyncio.timeout(20):
        while (found := (await states(care))["KR"]).is_downloading:
            pass  # looking at the disk takes its time in a thread
    assert "offline" in (found.failure or "")
    with pytest.raises(ServiceError, match="there is no voice model"):
        care.download("no-such")
    await care.close()
