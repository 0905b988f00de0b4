"""The times of words and phones, from tokens to the audio that an engine yields."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tests.wyoming_melotts.conftest import SettingsMaker
from tests.wyoming_melotts.tiny_voice import TINY_CONFIG
from wyoming_melotts.frontends import Phonemes
from wyoming_melotts.spoken import SpokenWord
from wyoming_melotts.synthesis.engine import Engine
from wyoming_melotts.synthesis.ids import token_ids
from wyoming_melotts.synthesis.symbols import LANGUAGE_CODES
from wyoming_melotts.synthesis.timing import spoken_words
from wyoming_melotts.voices import VoiceLibrary
from wyoming_melotts.voices.selection import find_voice
from wyoming_serving.audio import Samples

CONFIG = replace(
    TINY_CONFIG,
    symbols=("_", "a", "b", "c", ","),
    add_blank=True,
    hop_length=100,
    sample_rate_hz=1000,
    num_tones=16,
)
PHONEMES = Phonemes(
    "ab, c",
    ["a", "##b", ",", "c"],
    ["_", "a", "b", ",", "c", "_"],
    [0] * 6,
    [1, 1, 1, 1, 1, 1],
)


def times(word: SpokenWord) -> tuple[str, list[tuple[str, float, float]]]:
    return word.text, [(p.symbol, round(p.start, 3), round(p.end, 3)) for p in word.phones]


def test_a_blank_is_shared_by_its_neighbors() -> None:
    ids = token_ids(PHONEMES, LANGUAGE_CODES["ZH"], CONFIG)
    durations = np.array([2] * len(ids.phones))
    words = spoken_words(PHONEMES, ids, durations, CONFIG)
    assert [times(word) for word in words] == [
        ("ab", [("a", 0.5, 0.9), ("b", 0.9, 1.3)]),
        ("c", [("c", 1.7, 2.1)]),
    ]
    assert [round(word.end, 3) for word in words] == [1.3, 2.1]


def test_without_blanks_a_phone_lasts_its_own_frames() -> None:
    config = replace(CONFIG, add_blank=False)
    ids = token_ids(PHONEMES, LANGUAGE_CODES["ZH"], config)
    words = spoken_words(PHONEMES, ids, np.array([1, 2, 3, 4, 5, 6]), config)
    assert [times(word) for word in words] == [
        ("ab", [("a", 0.1, 0.3), ("b", 0.3, 0.6)]),
        ("c", [("c", 1.0, 1.5)]),
    ]


def test_a_phone_that_the_voice_lacks_takes_no_other_phones_time() -> None:
    config = replace(CONFIG, symbols=("_", "a", "c", ","), add_blank=False)
    ids = token_ids(PHONEMES, LANGUAGE_CODES["ZH"], config)
    words = spoken_words(PHONEMES, ids, np.array([1, 2, 4, 5, 6]), config)
    assert [times(word) for word in words] == [
        ("ab", [("a", 0.1, 0.3)]),
        ("c", [("c", 0.7, 1.2)]),
    ]


def test_words_come_before_their_audio_and_change_nothing_of_it(
    make_settings: SettingsMaker,
) -> None:
    settings = make_settings()
    library = VoiceLibrary(settings)
    engine = Engine(settings, library)
    voice = find_voice("EN-US", library.scan())
    text = "The light in the kitchen is on now. " * 4
    words: list[SpokenWord] = []
    audio: list[Samples] = []

    def heard() -> float:
        return sum(map(len, audio)) / settings.sample_rate_hz

    def take(more: Sequence[SpokenWord]) -> None:
        assert all(word.start >= heard() for word in more)
        words.extend(more)

    for samples in engine.speak(voice, text, take_words=take):
        audio.append(samples)
    spoken = "the light in the kitchen is on now"
    assert [word.text for word in words] == spoken.split() * 4
    starts = [word.start for word in words]
    assert starts == sorted(starts)
    assert words[0].start >= 0 and words[-1].end <= heard()
    assert all(word.phones[0].start == word.start for word in words)
    unmarked = np.concatenate(list(engine.speak(voice, text)))
    assert np.array_equal(np.concatenate(audio), unmarked)
