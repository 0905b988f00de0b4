"""Seeds, speed and the seams between the model's parts, in both back-ends."""

from pathlib import Path

import numpy as np
import pytest

from tests.wyoming_melotts.synthesis.acoustic.backends import BACKENDS, load_voice
from tests.wyoming_melotts.tiny_voice import TINY_CONFIG, make_voice, sentence
from wyoming_melotts.synthesis.acoustic.decoder_shape import context_frames
from wyoming_melotts.synthesis.acoustic.model import (
    MOST_FLOW_FRAMES,
    AcousticModel,
    DecoderStream,
    EncodedText,
    Latent,
    Prosody,
    Sentence,
    sample_latent,
    seeded_noise,
)
from wyoming_melotts.synthesis.acoustic.onnx.voice import OnnxVoice
from wyoming_melotts.synthesis.arrays import Floats
from wyoming_melotts.voices import DEMO_FOLDER

TOLERANCE = 1e-5
FRAMES = 90


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, AcousticModel]:
    folder = make_voice(tmp_path_factory.mktemp("voice"))
    cache = tmp_path_factory.mktemp("cache")
    return {backend: load_voice(backend, folder, cache) for backend in BACKENDS}


@pytest.fixture(params=BACKENDS)
def model(request: pytest.FixtureRequest, models: dict[str, AcousticModel]) -> AcousticModel:
    return models[request.param]


def latent(
    model: AcousticModel,
    tokens: int = 20,
    seed: int = 1,
    speaker: int = 0,
    prosody: Prosody | None = None,
) -> Latent:
    noise = seeded_noise(seed)
    return sample_latent(model, sentence(tokens), speaker, prosody or Prosody(), noise)


def whole(model: AcousticModel, values: Floats) -> Floats:
    return model.decoder_stream(0).push(values, last=True)


@pytest.mark.parametrize("tokens", [1, 2, 5, 9, 40])
def test_the_back_ends_agree(tokens: int, models: dict[str, AcousticModel]) -> None:
    reference, other = (latent(models[backend], tokens) for backend in BACKENDS)
    assert np.array_equal(reference.durations, other.durations)
    np.testing.assert_allclose(other.values, reference.values, TOLERANCE, TOLERANCE)
    first, second = (whole(models[backend], reference.values) for backend in BACKENDS)
    np.testing.assert_allclose(second, first, TOLERANCE, TOLERANCE)


def test_a_seed_gives_the_same_audio_twice(model: AcousticModel) -> None:
    first = latent(model, seed=7)
    again = latent(model, seed=7)
    assert np.array_equal(first.values, again.values)
    assert np.array_equal(whole(model, first.values), whole(model, again.values))
    other = latent(model, seed=8)
    assert not np.array_equal(first.values, other.values)


def test_speed_divides_the_length(model: AcousticModel) -> None:
    slow, slower = (len(latent(model, prosody=Prosody(speed)).values) for speed in (0.05, 0.04))
    # upstream rounds every token up to whole frames, which long tokens make negligible
    assert slower / slow == pytest.approx(1.25, rel=0.02)


def test_speakers_differ(model: AcousticModel) -> None:
    first, second = (latent(model, speaker=speaker).values for speaker in (0, 1))
    assert not np.array_equal(first, second)


def test_durations_say_how_long_each_token_lasts(model: AcousticModel) -> None:
    spoken = latent(model, tokens=7)
    assert len(spoken.durations) == 7
    assert spoken.durations.sum() == len(spoken.values)


@pytest.mark.parametrize(
    "sizes", [[16, 24, 50], [89, 1], [20, *[1] * 70], [30, 30, 30], [90]], ids=str
)
def test_joined_chunks_equal_the_whole(sizes: list[int], model: AcousticModel) -> None:
    values = np.random.default_rng(0).standard_normal((FRAMES, 4), np.float32)
    assert sizes[0] >= context_frames(model.config)
    stream, chunks = model.decoder_stream(0), np.split(values, np.cumsum(sizes)[:-1])
    parts = [
        stream.push(chunk, last=number == len(chunks))
        for number, chunk in enumerate(chunks, start=1)
    ]
    joined = np.concatenate(parts)
    assert len(joined) == FRAMES * model.config.hop_length
    np.testing.assert_allclose(joined, whole(model, values), atol=TOLERANCE)


def test_samples_leave_once_their_context_has_arrived(model: AcousticModel) -> None:
    frames = context_frames(model.config) + 10
    values = np.zeros((frames, 4), np.float32)
    first = model.decoder_stream(0).push(values, last=False)
    assert len(first) >= 10 * model.config.hop_length


def test_context_is_the_receptive_field(model: AcousticModel) -> None:
    values = np.random.default_rng(0).standard_normal((FRAMES, 4), np.float32)
    changed = values.copy()
    changed[FRAMES // 2] += 1
    differs = np.flatnonzero(whole(model, values) != whole(model, changed))
    frames = differs // model.config.hop_length
    reach = max(FRAMES // 2 - frames.min(), frames.max() - FRAMES // 2)
    assert reach <= context_frames(model.config) <= reach + 2


class Lengths:
    """An acoustic model of which each token lasts a hundred frames; keeps what its flow sees."""

    config = TINY_CONFIG

    def __init__(self) -> None:
        self.seen: list[int] = []

    def encode(
        self, sentence: Sentence, speaker: int, noise: Floats, sdp_ratio: float
    ) -> EncodedText:
        """Nothing but durations."""
        prior = np.zeros((len(sentence.phones), 1), np.float32)
        return EncodedText(prior, prior, np.full(len(sentence.phones), np.log(99.5), np.float32))

    def flow(self, prior: Floats, speaker: int) -> Floats:
        """The prior itself."""
        self.seen.append(len(prior))
        return prior

    def decoder_stream(self, speaker: int) -> DecoderStream:
        """Not needed."""
        raise NotImplementedError


@pytest.mark.parametrize(
    ("tokens", "speed", "parts"), [(20, 1, 1), (21, 1, 3), (40, 1, 2), (3, 0.02, 9)]
)
def test_the_flow_never_sees_more_than_its_bound(tokens: int, speed: float, parts: int) -> None:
    model = Lengths()
    spoken = latent(model, tokens, prosody=Prosody(speed))
    assert max(model.seen) <= MOST_FLOW_FRAMES
    assert sum(model.seen) == len(spoken.values) == spoken.durations.sum()
    assert len(model.seen) == parts


def test_an_8_bit_flow_is_near_the_float_one(tmp_path: Path) -> None:
    voices = [OnnxVoice(DEMO_FOLDER, tmp_path, threads=1, int8=int8) for int8 in (False, True)]
    prior = np.random.default_rng(0).standard_normal((200, voices[0].config.inter_channels))
    exact, rough = (voice.flow(prior.astype(np.float32), 0) for voice in voices)
    assert np.square(rough - exact).mean() < 0.01**2 * np.square(exact).mean()
