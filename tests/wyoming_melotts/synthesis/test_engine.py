"""Voices in memory, and upstream's whole way from text to audio."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.melotts_random_models import TINY_BERT, TINY_SIZE, write_bert
from benchmarks.melotts_random_models import write_voice as write_random_voice
from tests.wyoming_melotts.conftest import SettingsMaker
from tests.wyoming_melotts.golden import TOLERANCE, golden, read_arrays, read_json
from tests.wyoming_melotts.recorded_weights import write_voice
from tests.wyoming_melotts.tiny_voice import make_voice
from wyoming_melotts.synthesis.engine import Engine
from wyoming_melotts.voices import VoiceLibrary
from wyoming_melotts.voices.selection import find_voice

VOCABULARIES = {
    "EN": "bert-base-uncased",
    "ZH": "bert-base-multilingual-uncased",
    "JP": "bert-base-japanese-v3",
    "ES": "bert-base-spanish-wwm-uncased",
}
RECORDED_VOCABULARIES = {"ES": "beto-uncased"}


@pytest.mark.parametrize("index", range(7))
def test_text_to_audio_equals_upstream(
    index: int, tmp_path: Path, make_settings: SettingsMaker
) -> None:
    case = read_json("tiny", "end_to_end.json")[index]
    key = case["language_argument"]
    folder = tmp_path / key
    write_voice(folder, disable_bert=True)
    (tmp_path / VOCABULARIES[key]).mkdir()
    recorded = RECORDED_VOCABULARIES.get(key, VOCABULARIES[key])
    shutil.copy(golden("vocab", f"{recorded}.txt"), tmp_path / VOCABULARIES[key] / "vocab.txt")
    settings = make_settings(
        voices_dir=tmp_path,
        text_normalization="upstream",
        seed=case["torch_manual_seed"] or 0,
        **{name: case[name] for name in ("speed", "sdp_ratio", "noise_scale", "noise_scale_w")},
    )
    library = VoiceLibrary(settings)
    voices = [voice for voice in library.scan().voices if voice.model.key == key]
    voice = voices[case["speaker_id"]]
    audio = np.concatenate(list(Engine(settings, library).speak(voice, case["text"])))
    expected = read_arrays("tiny", "end_to_end.npz")[case["key"]]
    assert audio.shape == expected.shape
    assert np.abs(audio - expected).max() <= TOLERANCE


def test_the_least_recently_used_voice_leaves_when_memory_is_short(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    for name in ("EN", "EN_V2", "EN-mine"):
        make_voice(tmp_path / name)
    settings = make_settings(voices_dir=tmp_path, min_free_memory_mb=100)
    library = VoiceLibrary(settings)
    free = [1 << 30]
    engine = Engine(settings, library, free_memory=lambda: free[0])
    for key in ("EN", "EN_V2", "EN"):
        engine.load(library.scan().models[key])
    assert engine.loaded == ["EN_V2", "EN"]
    free[0] = 0
    engine.load(library.scan().models["EN"])
    assert engine.loaded == ["EN_V2", "EN"]
    engine.load(library.scan().models["EN-mine"])
    assert engine.loaded == ["EN-mine"]


def test_voices_of_one_language_share_their_bert(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    data = TINY_SIZE["data"] | {"disable_bert": False}
    for name in ("EN", "EN_V2"):
        write_random_voice(tmp_path / name, TINY_SIZE | {"data": data})
    write_bert(tmp_path / "bert-base-uncased", TINY_BERT)
    settings = make_settings(voices_dir=tmp_path)
    library = VoiceLibrary(settings)
    engine = Engine(settings, library)
    first, second = (engine.load(library.scan().models[key]) for key in ("EN", "EN_V2"))
    assert first._bert is second._bert is not None
    assert (
        sum(
            len(part)
            for part in engine.speak(find_voice("EN-US", library.scan()), "The light is on.")
        )
        > 0
    )


def test_speeches_side_by_side_sound_as_alone(make_settings: SettingsMaker) -> None:
    settings = make_settings(threads=2)
    library = VoiceLibrary(settings)
    engine = Engine(settings, library)
    texts = ["The light is on.", "It is cold outside, and the heating is off."]
    alone = [
        np.concatenate(list(engine.speak(find_voice("EN-US", library.scan()), text)))
        for text in texts
    ]
    speeches = [
        engine.speak(find_voice("EN-US", library.scan()), text, lambda: True) for text in texts
    ]
    together: list[list[np.ndarray]] = [[] for _ in texts]
    unfinished = True
    while unfinished:
        unfinished = False
        for parts, chunk in zip(together, engine.advance(speeches), strict=True):
            assert not isinstance(chunk, Exception)
            if chunk is not None:
                unfinished = True
                parts.append(chunk)
    engine.close()
    for whole, parts in zip(alone, together, strict=True):
        np.testing.assert_allclose(np.concatenate(parts), whole, atol=TOLERANCE)


def test_one_speech_that_fails_leaves_the_other_alone(make_settings: SettingsMaker) -> None:
    def broken() -> Iterator[np.ndarray]:
        yield np.zeros(1, np.float32)
        raise ValueError("broken")

    settings = make_settings(threads=2)
    engine = Engine(settings, VoiceLibrary(settings))
    speeches = [broken(), iter([np.ones(1, np.float32), np.ones(2, np.float32)])]
    for chunk in engine.advance(speeches):
        assert isinstance(chunk, np.ndarray) and len(chunk) == 1
    failed, chunk = engine.advance(speeches)
    assert isinstance(failed, ValueError)
    assert isinstance(chunk, np.ndarray) and len(chunk) == 2
    engine.close()


def test_a_seed_decides_how_a_text_sounds(make_settings: SettingsMaker) -> None:
    def speak(seed: int) -> bytes:
        settings = make_settings(seed=seed)
        library = VoiceLibrary(settings)
        engine = Engine(settings, library)
        voice = find_voice("EN-US", library.scan())
        parts = list(engine.speak(voice, "The light is on."))
        again = list(engine.speak(voice, "The light is on."))
        if seed >= 0:
            assert all(map(np.array_equal, parts, again))
        return np.concatenate(parts).tobytes()

    assert speak(1) == speak(1)
    assert len({speak(1), speak(2), speak(-1)}) == 3
