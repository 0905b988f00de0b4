"""Both back-ends compute what upstream computes."""

from typing import Any

import numpy as np
import pytest

from tests.wyoming_melotts.golden import assert_close, read_arrays, read_json
from tests.wyoming_melotts.recorded_weights import write_voice
from tests.wyoming_melotts.synthesis.acoustic.backends import BACKENDS, load_voice
from wyoming_melotts.synthesis.acoustic.model import (
    AcousticModel,
    Sentence,
    frame_counts,
    sample_prior,
    seeded_noise,
)
from wyoming_melotts.synthesis.arrays import Floats

CASES = [f"c{number:02d}" for number in range(40)]

Arrays = dict[str, np.ndarray[Any, Any]]


@pytest.fixture(scope="module", params=BACKENDS)
def model(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AcousticModel:
    folder = write_voice(tmp_path_factory.mktemp("recorded"))
    return load_voice(request.param, folder, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    return read_arrays("tiny", "infer.npz")


@pytest.fixture(scope="module")
def cases() -> dict[str, dict[str, Any]]:
    return {case["key"]: case for case in read_json("tiny", "infer.json")}


def recorded_sentence(case: dict[str, Any], arrays: Arrays) -> Sentence:
    def features(name: str) -> Floats:
        recorded = arrays[f"in{case['input']}_{name}"]
        return np.ascontiguousarray(recorded.T, np.float32)

    given = case["bert_inputs"]
    phones, tones, languages = (
        arrays[f"in{case['input']}_{name}"] for name in ("phone", "tone", "language")
    )
    return Sentence(
        phones,
        tones,
        languages,
        features("ja_bert") if given in ("ja", "both") else None,
        features("bert") if given == "both" else None,
    )


def test_every_recorded_case_is_tested(cases: dict[str, Any]) -> None:
    assert sorted(cases) == CASES


@pytest.mark.parametrize("key", CASES)
def test_stages_equal_upstream(
    key: str, model: AcousticModel, arrays: Arrays, cases: dict[str, dict[str, Any]]
) -> None:
    case, speaker = cases[key], cases[key]["speaker_id"]
    sentence = recorded_sentence(case, arrays)
    silent = np.zeros((len(sentence.phones), 2), np.float32)

    encoded = model.encode(sentence, speaker, silent, case["sdp_ratio"])
    durations = frame_counts(encoded.log_durations, case["speed"])
    prior = sample_prior(encoded, durations, 0, seeded_noise(0))
    latent = model.flow(prior, speaker)
    samples = model.decoder_stream(speaker).push(latent, last=True)

    if f"{key}_enc_m" in arrays:
        assert_close(encoded.mean.T, arrays[f"{key}_enc_m"], "prior mean")
        assert_close(encoded.log_scale.T, arrays[f"{key}_enc_logs"], "prior scale")
        for ratio, predictor in ((1, "sdp"), (0, "dp")):
            predicted = model.encode(sentence, speaker, silent, ratio).log_durations
            assert_close(predicted, arrays[f"{key}_logw_{predictor}"], f"durations of {predictor}")
    assert_close(encoded.log_durations, arrays[f"{key}_logw"], "log durations")
    assert_close(durations, arrays[f"{key}_w_ceil"], "frames")
    assert_close(latent.T, arrays[f"{key}_z"], "latent")
    if f"{key}_audio" in arrays:
        assert_close(prior.T, arrays[f"{key}_z_p"], "prior sample")
        assert_close(samples, arrays[f"{key}_audio"], "audio")
