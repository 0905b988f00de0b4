"""The voice that comes with the package: when it is listed, and that it speaks."""

import numpy as np
import pytest

from tests.wyoming_melotts.conftest import SettingsMaker
from wyoming_melotts.synthesis.engine import Engine
from wyoming_melotts.voices import DEMO, DEMO_FOLDER, VoiceLibrary
from wyoming_melotts.voices.catalogue import voices_of
from wyoming_melotts.voices.info import describe_voices
from wyoming_melotts.voices.selection import (
    VoiceRequest,
    choose_voice,
    default_voice,
    find_voice,
    reading_voice,
)
from wyoming_serving.audio import Samples

MOST_BYTES = 12_000_000
RATE_HZ = 16_000


def test_it_is_small() -> None:
    assert sum(path.stat().st_size for path in DEMO_FOLDER.iterdir()) <= MOST_BYTES


def test_it_hides_behind_real_voices(make_settings: SettingsMaker) -> None:
    inventory = VoiceLibrary(make_settings()).scan()
    assert "demo" not in [voice.name for voice in inventory.voices]
    assert find_voice("demo", inventory).model == DEMO
    asked = VoiceLibrary(make_settings(voice="demo")).scan()
    default = default_voice("demo", asked, offline=True)
    assert asked.voices[-1] == default == find_voice("demo", inventory)


def test_it_stands_in_where_no_voice_is_on_disk(make_settings: SettingsMaker) -> None:
    inventory = VoiceLibrary(make_settings(voices_dir=None)).scan()
    default = default_voice(None, inventory, offline=True)
    assert default.name == "demo"
    assert inventory.has(default)
    for tag in ("zh-CN", "en-US", "en"):
        assert choose_voice(VoiceRequest(language=tag), inventory, default).name == "demo"
    # where voices can be downloaded, the first one is
    assert default_voice(None, inventory, offline=False).name == "ZH"


def test_it_says_what_it_is(make_settings: SettingsMaker) -> None:
    inventory = VoiceLibrary(make_settings(voice="demo")).scan()
    info = describe_voices(inventory.voices, {"demo"})
    card = next(voice for voice in info.tts[0].voices if voice.name == "demo")
    assert card.installed
    assert "wyoming-melotts download" in (card.description or "")
    assert {"zh-CN", "en-US"} <= set(card.languages)


def test_english_is_read_as_english() -> None:
    (demo,) = voices_of(DEMO)
    assert reading_voice("It is 23 degrees.", demo).model.language.key == "EN"
    assert reading_voice("现在23度。", demo).model.language.key == "ZH"


@pytest.mark.parametrize(
    ("text", "syllables"),
    [
        ("The living room light is on now.", 8),
        ("客厅的灯已经打开了。", 9),
        ("我已经打开了 Netflix。", 8),
    ],
)
def test_it_speaks(text: str, syllables: int, make_settings: SettingsMaker) -> None:
    spoken = _spoken(text, make_settings)
    seconds = len(spoken) / RATE_HZ
    assert 2.5 < syllables / seconds < 6.5
    assert np.abs(spoken).max() < 1
    loudness_db = 20 * np.log10(np.sqrt(np.mean(spoken**2)))
    assert -30 < loudness_db < -14


def _spoken(text: str, make_settings: SettingsMaker) -> Samples:
    settings = make_settings(voice="demo", sample_rate_hz=RATE_HZ, sentence_silence_ms=0)
    library = VoiceLibrary(settings)
    engine = Engine(settings, library)
    (demo,) = voices_of(DEMO)
    return np.concatenate(list(engine.speak(reading_voice(text, demo), text)))
