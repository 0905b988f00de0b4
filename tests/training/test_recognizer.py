"""The recipe of the demo recognizer: its sentences, tokens, shards and augmentation."""

from pathlib import Path

import numpy as np
import pytest
import torch

from training.recognizer import vocabulary
from training.recognizer.augment import augment, background, surround
from training.recognizer.commands import Sentence, chinese_number, english_number, sentences
from training.recognizer.coverage import rare_first
from training.recognizer.shards import read_shard, to_samples, write_shard
from training.recognizer.vocabulary import Vocabulary


@pytest.mark.parametrize("language", ["en", "zh"])
def test_sentences_differ_and_repeat_with_their_seed(language: str) -> None:
    found = sentences(language, 300, seed=1)
    assert len(set(found)) == 300
    assert found == sentences(language, 300, seed=1)
    assert found != sentences(language, 300, seed=2)


def test_sentences_are_written_with_capitals_and_marks() -> None:
    assert Sentence("en", "is the door locked").text == "Is the door locked?"
    assert Sentence("en", "turn on the light").text == "Turn on the light."
    assert Sentence("zh", "现在几点了").text == "现在几点了？"
    assert Sentence("zh", "打开客厅的灯").text == "打开客厅的灯。"


def test_numbers_in_words() -> None:
    assert [english_number(n) for n in (7, 12, 40, 58, 100)] == [
        "seven", "twelve", "forty", "fifty eight", "one hundred",
    ]  # fmt: skip
    assert [chinese_number(n) for n in (7, 10, 12, 40, 58)] == [
        "七",
        "十",
        "十二",
        "四十",
        "五十八",
    ]


def test_rare_words_come_first() -> None:
    common = [Sentence("en", "turn on the light"), Sentence("en", "turn off the light")]
    rare = Sentence("en", "mute the projector")
    assert rare_first([*common, rare], spoken=common)[0] == rare


def test_a_shard_gives_back_its_clips(tmp_path: Path) -> None:
    second = np.linspace(-2, 2, 24_000).astype(np.float32)
    clips = [
        (Sentence("en", "hello"), "a", to_samples(second, 24_000)),
        (Sentence("zh", "你好"), "b", np.arange(10, dtype=np.int16)),
    ]
    write_shard(tmp_path / "shard", clips)
    found = list(read_shard(tmp_path / "shard.jsonl"))
    assert [(one[0], one[1]) for one in found] == [(one[0], one[1]) for one in clips]
    for (_, _, got), (_, _, wanted) in zip(found, clips, strict=True):
        np.testing.assert_array_equal(got, wanted)
    assert len(found[0][2]) == 16_000


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    folder = tmp_path_factory.mktemp("vocabulary")
    vocabulary.write(folder, sentences("en", 300, 1) + sentences("zh", 300, 1))
    return Vocabulary(folder)


@pytest.mark.parametrize("text", ["Turn on the kitchen light.", "打开客厅的灯。", "打开Netflix。"])
def test_tokens_give_back_the_text(tokens: Vocabulary, text: str) -> None:
    assert tokens.decode(tokens.encode(text)) == text


def test_a_mandarin_character_is_a_token(tokens: Vocabulary) -> None:
    assert len(tokens.encode("打开客厅的灯")) == 6
    assert tokens.tag("zh") != tokens.tag("en")
    assert len(tokens.piece_lengths(tokens.encode("turn on"))) == len(tokens.encode("turn on"))


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_augmentation_keeps_a_spectrogram(strength: float) -> None:
    mel = torch.full((150, 80), -15.94)
    mel[40:110] = 15 + torch.randn((70, 80), generator=torch.Generator().manual_seed(0))
    rng = np.random.default_rng(0)
    for _ in range(20):
        found = augment(surround(mel, slice(40, 110), rng), rng, strength)
        assert found.isfinite().all()
        assert found.shape[1] == 80
        assert 60 < len(found) < 150
        assert found.max() > 0


def test_background_is_noise_of_sensible_length() -> None:
    found = background(np.random.default_rng(0))
    assert found.isfinite().all()
    assert 40 <= len(found) < 200
