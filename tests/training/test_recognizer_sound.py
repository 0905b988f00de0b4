"""The sound that trains the demo recognizer: clips on disk, features, rooms, wordless sounds."""

from pathlib import Path

import numpy as np
import pytest
import torch

from training.recognizer import rooms, sounds
from training.recognizer.augment import augment, surround
from training.recognizer.data import Corpus
from training.recognizer.features import FLOOR, VARIANTS, FeatureCache, decode, encode, log_mel
from training.recognizer.speech import RATE_HZ, Sound, SpeechFolder, tidy


def _tone(seconds: float) -> Sound:
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return np.asarray(0.3 * np.sin(2 * np.pi * 440 * time), np.float32)


def _described(words: str) -> dict[str, str]:
    return {
        "language": "en", "voice": "kokoro:af_sky*1.00", "speed": "1.00", "text": words,
        "kind": "plain", "phonemes": "həlˈO",
    }  # fmt: skip


def test_a_clip_is_cut_to_its_speech_and_leveled() -> None:
    silence = np.zeros(RATE_HZ, np.float32)
    found = tidy(np.concatenate([silence, _tone(0.5), silence]))
    assert 0.65 < len(found) / RATE_HZ < 0.75
    assert np.abs(found).max() == pytest.approx(0.7, abs=0.01)


def test_silence_is_no_clip() -> None:
    with pytest.raises(ValueError, match="no speech"):
        tidy(np.zeros(RATE_HZ, np.float32))


def test_a_folder_of_speech_gives_back_its_clips(tmp_path: Path) -> None:
    folder = SpeechFolder(tmp_path)
    assert folder.names() == set()
    folder.add("en_1", _tone(1.0), _described('say "hello"'))
    folder.add("en_2", _tone(0.5), _described("hello"))
    first, second = SpeechFolder(tmp_path).recordings()
    assert folder.names() == {"en_1", "en_2"}
    assert (first.words, second.kind, second.phonemes) == ('say "hello"', "plain", "həlˈO")
    assert len(first.sound()) == pytest.approx(RATE_HZ, abs=400)


def test_features_in_a_byte_differ_by_half_a_step() -> None:
    mel = log_mel(np.concatenate([_tone(0.5), np.zeros(8000, np.float32)]))
    assert torch.allclose(decode(encode(mel)), mel, atol=0.081)
    assert mel.min() == pytest.approx(FLOOR, abs=0.02)


def test_a_growing_corpus_is_taken_up_and_kept(tmp_path: Path) -> None:
    folder = SpeechFolder(tmp_path / "speech")
    folder.add("en_1", _tone(1.0), _described("hello"))
    corpus = Corpus([tmp_path / "speech"], FeatureCache(tmp_path / "features"))
    assert len(corpus.clips) == 1
    folder.add("en_2", _tone(0.5), _described("hello again"))
    corpus.refresh()
    assert [clip.sentence and clip.sentence.words for clip in corpus.clips] == [
        "hello",
        "hello again",
    ]
    assert len(corpus.clips[0].variants) == VARIANTS
    assert 80 < corpus.clips[0].speech_frames < 105
    again = Corpus([tmp_path / "speech"], FeatureCache(tmp_path / "features"))
    assert len(again.clips) == 2


@pytest.mark.parametrize("seed", range(12))
def test_a_degraded_clip_is_sound(seed: int) -> None:
    found = rooms.degrade(_tone(0.8), np.random.default_rng(seed))
    assert found.dtype == np.float32
    assert 0.6 < len(found) / RATE_HZ < 1.9
    assert np.isfinite(found).all()
    assert 0.01 < np.abs(found).max() <= 1.0


def test_wordless_sounds_take_turns_and_repeat() -> None:
    found = list(sounds.examples(8, seed=1))
    assert [tag for tag, _ in found] == 2 * ["BGM", "Laughter", "Cough", "Event_UNK"]
    for (_, sound), (_, again) in zip(found, sounds.examples(8, seed=1), strict=True):
        np.testing.assert_array_equal(sound, again)
        assert np.isfinite(sound).all()
        assert 0.3 < len(sound) / RATE_HZ < 6


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_augmentation_keeps_a_spectrogram(strength: float) -> None:
    mel = torch.full((150, 80), FLOOR)
    mel[40:110] = 15 + torch.randn((70, 80), generator=torch.Generator().manual_seed(0))
    rng = np.random.default_rng(0)
    for _ in range(20):
        found = augment(surround(mel, slice(40, 110), rng), rng, strength)
        assert found.isfinite().all()
        assert found.shape[1] == 80
        assert 60 < len(found) < 170
        assert found.max() > 0
