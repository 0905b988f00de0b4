"""The voice that comes with the package: when it is listed, and that it speaks."""

import numpy as np
import pytest

from tests.wyoming_melotts.conftest import SettingsMaker
from wyoming_melotts.info import describe_voices
from wyoming_melotts.synthesis.engine import Engine
from wyoming_melotts.voices import DEMO, DEMO_FOLDER, VoiceLibrary, VoiceRequest, in_language_of
from wyoming_serving.audio import Samples

MOST_BYTES = 12_000_000
RATE_HZ = 16_000


def test_it_is_small() -> None:
    assert sum(path.stat().st_size for path in DEMO_FOLDER.iterdir()) <= MOST_BYTES


def test_it_hides_behind_real_voices(make_settings: SettingsMaker) -> None:
    library = VoiceLibrary(make_settings())
    assert "demo" not in [voice.name for voice in library.voices()]
    assert library.find("demo").model == DEMO
    asked = VoiceLibrary(make_settings(voice="demo"))
    assert asked.voices()[-1] == asked.default("demo") == library.find("demo")


def test_it_stands_in_where_no_voice_is_on_disk(make_settings: SettingsMaker) -> None:
    offline = VoiceLibrary(make_settings(voices_dir=None))
    assert offline.default(None).name == "demo"
    assert offline.on_disk(DEMO)
    for tag in ("zh-CN", "en-US", "en"):
        chosen = offline.choose(VoiceRequest(language=tag), offline.default(None))
        assert chosen.name == "demo"
    # where voices can be downloaded, the first one is
    assert VoiceLibrary(make_settings(voices_dir=None, offline=False)).default(None).name == "ZH"


def test_it_says_what_it_is(make_settings: SettingsMaker) -> None:
    library = VoiceLibrary(make_settings(voice="demo"))
    info = describe_voices(library.voices(), {"demo"})
    card = next(voice for voice in info.tts[0].voices if voice.name == "demo")
    assert card.installed
    assert "wyoming-melotts download" in (card.description or "")
    assert {"zh-CN", "en-US"} <= set(card.languages)


def test_english_is_read_as_english() -> None:
    assert in_language_of("It is 23 degrees.", DEMO).language.key == "EN"
    assert in_language_of("现在23度。", DEMO).language.key == "ZH"


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
    try:
        return np.concatenate(list(engine.speak(library.default("demo"), text)))
    finally:
        engine.close()
