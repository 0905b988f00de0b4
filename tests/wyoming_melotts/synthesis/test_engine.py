"""Voices in memory, and upstream's whole way from text to audio."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.melotts_random_models import TINY_BERT, TINY_SIZE, write_bert
from benchmarks.melotts_random_models import write_voice as write_random_voice
from tests.wyoming_melotts.conftest import SettingsMaker
from tests.wyoming_melotts.golden import TOLERANCE, golden, read_arrays, read_json
from tests.wyoming_melotts.recorded_weights import write_voice
from tests.wyoming_melotts.tiny_voice import make_voice
from wyoming_melotts.synthesis.acoustic.model import NoiseSource
from wyoming_melotts.synthesis.arrays import Floats
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


def upstreams_noise(seed: int | None) -> NoiseSource:
    """Random numbers as torch draws them for upstream."""
    assert seed is not None
    generator = torch.Generator().manual_seed(seed)

    def draw(rows: int, columns: int) -> Floats:
        numbers = torch.empty(rows, columns)
        # upstream draws the latent's noise into a transposed tensor, which torch fills differently
        (numbers if rows == 2 else numbers.T).normal_(generator=generator)
        drawn: Floats = numbers.numpy()
        return drawn

    return draw


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
        precision="float32",
        seed=case["torch_manual_seed"] or 0,
        **{name: case[name] for name in ("speed", "sdp_ratio", "noise_scale", "noise_scale_w")},
    )
    library = VoiceLibrary(settings)
    voices = [voice for voice in library.scan().voices if voice.model.key == key]
    voice = voices[case["speaker_id"]]
    engine = Engine(settings, library, noise=upstreams_noise)
    audio = np.concatenate(list(engine.speak(voice, case["text"])))
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
    assert [model.key for model in engine.loaded] == ["EN_V2", "EN"]
    free[0] = 0
    engine.load(library.scan().models["EN"])
    assert [model.key for model in engine.loaded] == ["EN_V2", "EN"]
    engine.load(library.scan().models["EN-mine"])
    assert [model.key for model in engine.loaded] == ["EN-mine"]


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
    assert first.bert is second.bert is not None
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
    front_end = ThreadPoolExecutor(1)
    engine = Engine(settings, library, in_front_end=lambda call: front_end.submit(call).result())
    voice = find_voice("EN-US", library.scan())
    texts = ["The light is on.", "It is cold outside, and the heating is off."]
    alone = [np.concatenate(list(engine.speak(voice, text))) for text in texts]

    def speak(text: str) -> Floats:
        return np.concatenate(list(engine.speak(voice, text, lambda: True)))

    with ThreadPoolExecutor(len(texts)) as threads:
        together = list(threads.map(speak, texts))
    front_end.shutdown()
    for first, second in zip(alone, together, strict=True):
        np.testing.assert_allclose(second, first, atol=TOLERANCE)


def test_a_sentence_may_be_spoken_faster(make_settings: SettingsMaker) -> None:
    settings = make_settings(speed=0.2)
    library = VoiceLibrary(settings)
    engine = Engine(settings, library)
    voice, text = find_voice("EN-US", library.scan()), "The light is on."
    usual, faster = (sum(map(len, engine.speak(voice, text, speed=speed))) for speed in (1.0, 2.0))
    assert usual / faster == pytest.approx(2, rel=0.1)


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
