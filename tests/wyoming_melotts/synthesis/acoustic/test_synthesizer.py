"""Seeds, speed and the seams between the model's parts."""

import pytest
import torch

from tests.wyoming_melotts.tiny_voice import make_voice, sentence
from wyoming_melotts.synthesis.acoustic.torch.synthesizer import Prosody, Synthesizer


@pytest.fixture(scope="module")
def synthesizer(tmp_path_factory: pytest.TempPathFactory) -> Synthesizer:
    return Synthesizer.load(make_voice(tmp_path_factory.mktemp("voice")))


def speak(synthesizer: Synthesizer, prosody: Prosody, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    speaker = synthesizer.speaker(0)
    latent = synthesizer.latent(sentence(40), speaker, prosody, generator)
    samples = synthesizer.dec(latent, speaker)
    assert isinstance(samples, torch.Tensor)
    return samples


def test_a_seed_gives_the_same_audio_twice(synthesizer: Synthesizer) -> None:
    first = speak(synthesizer, Prosody(), seed=7)
    assert torch.equal(first, speak(synthesizer, Prosody(), seed=7))
    other = speak(synthesizer, Prosody(), seed=8)
    assert first.shape != other.shape or not torch.equal(first, other)


def test_speed_divides_the_length(synthesizer: Synthesizer) -> None:
    def frames(speed: float) -> int:
        prosody, generator = Prosody(speed), torch.Generator().manual_seed(1)
        latent = synthesizer.latent(sentence(20), synthesizer.speaker(0), prosody, generator)
        return latent.shape[-1]

    # upstream rounds every token up to whole frames, which long tokens make negligible
    assert frames(0.04) / frames(0.05) == pytest.approx(1.25, rel=0.02)


def test_speakers_differ(synthesizer: Synthesizer) -> None:
    inputs, prosody = sentence(20), Prosody(sdp_ratio=0)
    latents = [
        synthesizer.latent(
            inputs, synthesizer.speaker(index), prosody, torch.Generator().manual_seed(1)
        )
        for index in (0, 1)
    ]
    assert latents[0].shape != latents[1].shape or not torch.equal(*latents)


def test_one_token_is_enough(synthesizer: Synthesizer) -> None:
    generator = torch.Generator().manual_seed(0)
    latent = synthesizer.latent(sentence(1), synthesizer.speaker(0), Prosody(), generator)
    assert latent.shape[-1] >= 1
