"""The acoustic model computes what upstream computes."""

import numpy as np
import pytest
import torch

from tests.wyoming_melotts.golden import assert_close, golden, read_json
from wyoming_melotts.synthesis.acoustic.torch.synthesizer import (
    Prosody,
    Synthesizer,
    frame_counts,
    sample_prior,
)
from wyoming_melotts.synthesis.acoustic.torch.text_encoder import TextInputs

CASES = [f"c{number:02d}" for number in range(40)]


@pytest.fixture(scope="module")
def synthesizer() -> Synthesizer:
    return Synthesizer.load(golden("tiny"))


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    with np.load(golden("tiny", "infer.npz")) as archive:
        return dict(archive)


@pytest.fixture(scope="module")
def cases() -> dict[str, dict]:
    return {case["key"]: case for case in read_json("tiny", "infer.json")["cases"]}


def recorded_inputs(case: dict, arrays: dict[str, np.ndarray]) -> TextInputs:
    def array(name: str) -> torch.Tensor:
        return torch.from_numpy(arrays[f"in{case['input']}_{name}"])

    given = case["bert_inputs"]
    return TextInputs(
        array("phone"),
        array("tone"),
        array("language"),
        array("ja_bert").float() if given in ("ja", "both") else None,
        array("bert").float() if given == "both" else None,
    )


def test_every_recorded_case_is_tested(cases: dict[str, dict]) -> None:
    assert sorted(cases) == CASES


@pytest.mark.parametrize("key", CASES)
@torch.inference_mode()
def test_stages_equal_upstream(
    key: str, synthesizer: Synthesizer, arrays: dict[str, np.ndarray], cases: dict[str, dict]
) -> None:
    case = cases[key]
    prosody = Prosody(case["speed"], case["sdp_ratio"], noise_scale=0, noise_scale_w=0)
    generator = torch.Generator()
    speaker = synthesizer.speaker(case["speaker_id"])

    encoded = synthesizer.enc_p(recorded_inputs(case, arrays), speaker)
    log_durations = synthesizer.log_durations(encoded, speaker, prosody, generator)
    frames = frame_counts(log_durations, prosody.speed)
    prior = sample_prior(encoded, frames, prosody.noise_scale, generator)
    latent = synthesizer.flow(prior, speaker)

    if f"{key}_enc_x" in arrays:
        assert_close(encoded.hidden[0], arrays[f"{key}_enc_x"], "hidden states")
        assert_close(encoded.mean[0], arrays[f"{key}_enc_m"], "prior mean")
        assert_close(encoded.log_scale[0], arrays[f"{key}_enc_logs"], "prior scale")
        noise = torch.zeros(1, 2, len(frames))
        stochastic = synthesizer.sdp(encoded.hidden, speaker, noise)[0, 0]
        deterministic = synthesizer.dp(encoded.hidden, speaker)[0, 0]
        assert_close(stochastic, arrays[f"{key}_logw_sdp"], "stochastic durations")
        assert_close(deterministic, arrays[f"{key}_logw_dp"], "deterministic durations")
    assert_close(log_durations, arrays[f"{key}_logw"], "log durations")
    assert_close(frames, arrays[f"{key}_w_ceil"], "frames")
    assert_close(prior[0], arrays[f"{key}_z_p"], "prior sample")
    assert_close(latent[0], arrays[f"{key}_z"], "latent")
    assert_close(synthesizer.dec(latent, speaker), arrays[f"{key}_audio"], "audio")
