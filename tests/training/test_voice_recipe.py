"""Training computes what the runtime computes, and tells the teacher the right sounds."""

from pathlib import Path

import numpy as np
import pytest
import torch

from training.voice import discriminators
from training.voice.batched import decode, encode_text, flow_to_latent, predict_durations
from training.voice.data import Corpus, melody
from training.voice.likeness import harmonicity
from training.voice.network import new_network
from training.voice.phonemes import kokoro_phonemes
from training.voice.reading import read
from training.voice.sentences import judged_sentences, training_sentences
from training.voice.spline_likelihood import _spline
from training.voice.synthesize import HOP_LENGTH, Spoken, write_shard
from training.voice.voice_config import CONFIG
from wyoming_melotts.synthesis.acoustic.torch.spline import inverse_spline
from wyoming_melotts.synthesis.acoustic.torch.text_encoder import TextInputs
from wyoming_serving.audio import Samples


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("打开客厅的灯。", "ta↓kʰai→ kʰɤ↘tʰi→ŋ tɤ tə→ŋ."),
        ("一月远云王翁", "i↗ɥe↘ ɥɛ↓n y↗n wa↗ŋwə→ŋ"),
        ("It is on, measure the light.", "ɪt ɪz ɑn, mˈɛʒəɹ ðə lˈIt."),
        ("打开 WiFi。", "ta↓kʰai→ wˈIfˌI."),
    ],
)
def test_phones_become_the_teachers_phonemes(text: str, expected: str) -> None:
    phonemes = read(text)
    spoken = kokoro_phonemes(phonemes)
    assert len(spoken) == len(phonemes.phones)
    assert "".join(spoken) == expected


def test_a_batch_is_what_the_runtime_makes_of_each_sentence() -> None:
    torch.manual_seed(1)
    network = new_network().eval()
    speaker = network.speaker(0)
    lengths = [5, 9]
    phones = torch.randint(1, 40, (2, 9))
    mask = (torch.arange(9)[None] < torch.tensor(lengths)[:, None])[:, None].float()
    with torch.inference_mode():
        hidden, mean = encode_text(network.enc_p, phones, phones % 5, phones % 3, mask, speaker)
        latent = flow_to_latent(network.flow, mean, mask, speaker)
        durations = predict_durations(network.dp, hidden, mask, speaker)
        for row, length in enumerate(lengths):
            ids = phones[row, :length]
            # the runtime adds the bias of the BERT projections, which is zero here
            alone = network.enc_p(TextInputs(ids, ids % 5, ids % 3), speaker)
            torch.testing.assert_close(mean[row : row + 1, :, :length], alone.mean)
            torch.testing.assert_close(
                latent[row : row + 1, :, :length], network.flow(alone.mean, speaker)
            )
            torch.testing.assert_close(
                durations[row, :length], network.dp(alone.hidden, speaker)[0, 0]
            )


def test_the_decoder_in_training_is_the_one_that_streams() -> None:
    network = new_network().eval()
    latent = torch.randn(1, CONFIG.inter_channels, 20, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        trained = decode(network.dec, latent, network.speaker(0))[0]
        streamed = network.dec(latent, network.speaker(0))
    assert len(trained) == 20 * CONFIG.hop_length
    torch.testing.assert_close(trained, streamed, rtol=1e-4, atol=1e-5)


def test_the_spline_in_training_is_the_inverse_of_the_runtimes() -> None:
    generator = torch.Generator().manual_seed(0)
    widths, heights = (torch.randn(50, 10, generator=generator) for _ in range(2))
    slopes = torch.randn(50, 9, generator=generator)
    x = torch.linspace(-4.9, 4.9, 50, dtype=torch.float64)
    parts = (widths.double(), heights.double(), slopes.double())
    y, log_slope = _spline(x, *parts)
    torch.testing.assert_close(inverse_spline(y, *parts), x)
    nudged, _ = _spline(x + 1e-6, *parts)
    torch.testing.assert_close(((nudged - y) / 1e-6).log(), log_slope, rtol=1e-3, atol=1e-3)


def test_the_melody_goes_straight_through_what_is_not_voiced() -> None:
    height, voiced = melody(torch.tensor([8.0, 210.0, 30.0, 8.0, 420.0, 8.0]))
    torch.testing.assert_close(height, torch.tensor([0.0, 0.0, 1.0, 2.0, 3.0, 3.0]))
    assert voiced.argsort().tolist()[-2:] == [1, 4]
    assert voiced.abs().max() == 1
    assert melody(torch.full((3,), 8.0))[0].tolist() == [0, 0, 0]


def test_a_growing_corpus_is_taken_up_clip_by_clip(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    def spoken(text: str) -> Spoken:
        frames = np.full(len(read(text).phones), 6)
        samples = rng.normal(0, 0.1, frames.sum() * HOP_LENGTH).astype(np.float32)
        return Spoken(samples, frames, np.full(frames.sum(), 200.0, np.float32))

    write_shard(tmp_path / "train-000-en.npz", ["Turn it on."], [spoken("Turn it on.")])
    corpus = Corpus(tmp_path)
    write_shard(tmp_path / "train-001-zh.npz", ["打开灯。"], [spoken("打开灯。")])
    (tmp_path / "train-002-zh.partial.npz").write_bytes(b"half written")
    corpus.refresh()
    assert [clip.text for clip in corpus.clips] == ["Turn it on.", "打开灯。"]
    for clip in corpus.clips:
        assert clip.latent.shape == (CONFIG.inter_channels, int(clip.durations.sum()))
        assert len(clip.samples) == clip.latent.shape[1] * HOP_LENGTH


def test_judges_learn_to_tell_the_teacher_from_the_decoder() -> None:
    torch.manual_seed(0)
    judges = discriminators.Judges()
    optimizer = torch.optim.AdamW(judges.parameters(), 3e-3)
    time = torch.arange(1200) / 16000
    real = torch.sin(2 * torch.pi * torch.tensor([[200.0], [260.0]]) * time)
    made = real + 0.3 * torch.randn(2, 1200)
    told = []
    for _ in range(10):
        loss = discriminators.told_apart(judges(real), judges(made))
        told.append(float(loss.detach()))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert told[-1] < told[0] / 2
    opinions = judges(real), judges(made)
    assert discriminators.found_real(opinions[0]) < discriminators.found_real(opinions[1])
    assert discriminators.features_apart(opinions[0], opinions[0]) == 0
    assert discriminators.features_apart(*opinions) > 0


def test_sentences_that_judge_are_not_in_training() -> None:
    judged = judged_sentences("en")
    assert len(judged) == len(set(judged)) == 60
    trained = training_sentences("en", 40)
    assert len(trained) == 40
    assert not {text.lower() for text in trained} & {t.lower() for t in judged}


def _tone(hertz: float, noise: float) -> Samples:
    rng = np.random.default_rng(0)
    time = np.arange(16000) / 16000
    wave = sum(np.sin(2 * np.pi * hertz * number * time) / number for number in range(1, 8))
    return np.asarray(0.2 * wave + noise * rng.standard_normal(len(time)), np.float32)


def test_harmonicity_is_the_energy_of_the_tone_over_that_of_the_noise() -> None:
    melody = np.full(70, 220.0)
    power = 0.2**2 / 2 * sum(1 / number**2 for number in range(1, 8))
    for noise in (0.01, 0.03, 0.1):
        found = np.median(harmonicity(_tone(220.0, noise), melody)[5:-5])
        assert found == pytest.approx(10 * np.log10(power / noise**2), abs=1.5)
