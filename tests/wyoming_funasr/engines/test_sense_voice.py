"""SenseVoice: FunASR's answers on a tiny model of random weights, and what the demo model hears."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from onnxruntime import InferenceSession

from benchmarks.published_models import export_sense_voice
from benchmarks.random_models import TINY, write_sense_voice
from tests.support.engines import TORCH_FLOAT32, copied, features, funasr_text
from tests.support.speech import DATA, noise, speech_samples
from wyoming_funasr.engines.base import Place
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.onnx.sense_voice import SenseVoiceOnnx, load
from wyoming_funasr.engines.sense_voice import Query, SenseVoice
from wyoming_funasr.engines.torch.sense_voice import MODULES, SenseVoiceTorch
from wyoming_funasr.files import read_audio
from wyoming_funasr.models import MODELS
from wyoming_funasr.recognition.ctc import LogProbs
from wyoming_funasr.recognition.hotwords import Hotword
from wyoming_funasr.recognition.text import clean
from wyoming_funasr.recognition.types import Segment
from wyoming_serving.errors import ErrorCode, ServiceError

DEMO = MODELS["demo"].folder or Path()
RECORDINGS = sorted(DATA.glob("*_??.wav"))
_SURE = 0.6
"""Confidence of a word that no rounding of the weights changes."""


def random_query(rows: int, language: int = 0, normalization: int = 14) -> Query:
    values = np.random.default_rng(rows).normal(size=(rows, 560)).astype(np.float32)
    return Query(values, language, normalization)


def answer(network: SenseVoiceOnnx | SenseVoiceTorch, query: Query) -> LogProbs:
    return next(iter(network.log_probs([query])))


@pytest.mark.parametrize("rows", [1, 2, 30, 200])
def test_log_posteriors_are_those_of_torch(
    tiny_sense_voice: Path, float32: Place, rows: int
) -> None:
    folder = ModelFolder(tiny_sense_voice)
    query = random_query(rows, 3, 15)
    expected = answer(SenseVoiceTorch(tiny_sense_voice, TORCH_FLOAT32), query)
    found = answer(SenseVoiceOnnx(folder, float32), query)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_every_recording_reads_as_with_torch(float32: Place) -> None:
    folder = ModelFolder(DEMO)
    ours = SenseVoice(folder, SenseVoiceOnnx(folder, float32))
    torchs = SenseVoice(folder, SenseVoiceTorch(DEMO, TORCH_FLOAT32))
    segments = [Segment(features(ours, read_audio(file))) for file in RECORDINGS]
    found = [one.text for one in ours.recognize(segments)]
    assert found == [torchs.recognize([one])[0].text for one in segments]
    assert all(found)


@pytest.mark.parametrize(("language", "use_itn"), [("auto", True), ("en", False), ("zh", True)])
def test_the_text_is_funasrs(
    tiny_sense_voice: Path, float32: Place, language: str, use_itn: bool
) -> None:
    engine = load(ModelFolder(tiny_sense_voice), float32, None)
    segment = Segment(features(engine, speech_samples()), language, use_itn)
    expected = funasr_text(tiny_sense_voice, MODULES, language=language, use_itn=use_itn)
    heard = engine.recognize([segment])[0]
    # where a trained model writes its tags, random weights write words
    assert clean(expected).endswith(heard.text)
    assert len(heard.text) > len(clean(expected)) / 2
    assert "<|" not in heard.text


def company(engine: SenseVoice) -> Sequence[Segment]:
    """What may lie in a batch beside an utterance: long, short, loud, quiet, silent."""
    samples = speech_samples()
    audio = [
        np.concatenate([samples] * 3), samples[:4_000], samples * 8, samples * 0.01,
        noise(3.0, 0.3), np.zeros(16_000, np.float32), samples[:1],
    ]  # fmt: skip
    return [Segment(features(engine, one)) for one in audio]


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("folder", ["tiny", "demo"])
def test_company_changes_nothing(
    tiny_sense_voice: Path, precision: str, folder: str, request: pytest.FixtureRequest
) -> None:
    place: Place = request.getfixturevalue(precision)
    engine = load(ModelFolder(tiny_sense_voice if folder == "tiny" else DEMO), place, None)
    segments = company(engine)
    for file in RECORDINGS[:6]:
        segment = Segment(features(engine, read_audio(file)))
        alone = engine.recognize([segment])[0]
        for at in range(len(segments)):
            batch = [*segments[:at], segment, *segments[at:]]
            assert engine.recognize(batch)[at] == alone


@pytest.mark.parametrize("samples", [0, 1, 100, 399, 400])
def test_very_short_audio_is_no_problem(
    tiny_sense_voice: Path, float32: Place, samples: int
) -> None:
    engine = load(ModelFolder(tiny_sense_voice), float32, None)
    heard_features = features(engine, speech_samples()[:samples])
    assert len(engine.recognize([Segment(heard_features)])) == 1


def test_words_are_in_order_and_within_the_audio(tiny_sense_voice: Path, float32: Place) -> None:
    engine = load(ModelFolder(tiny_sense_voice), float32, None)
    heard = engine.recognize([Segment(features(engine, speech_samples()))])[0]
    starts = [word.start_ms for word in heard.words]
    assert starts == sorted(starts)
    assert heard.words[-1].end_ms <= len(speech_samples()) / 16 + 60
    assert 0 < heard.confidence <= 1
    assert sum(heard.emotion_scores.values()) == pytest.approx(1, abs=0.01)


def test_hotwords_reach_the_search(tiny_sense_voice: Path, float32: Place) -> None:
    engine = load(ModelFolder(tiny_sense_voice), float32, None)
    heard_features = features(engine, speech_samples())
    plain = engine.recognize([Segment(heard_features)])[0].text
    pulled = engine.recognize([Segment(heard_features, hotwords=(Hotword("客厅", 20.0),))])[0].text
    assert pulled.count("客厅") > plain.count("客厅")


def test_models_of_other_depths_and_vocabularies_load(tmp_path: Path, float32: Place) -> None:
    for blocks, late, vocabulary in ((1, 0, 80), (4, 2, 150)):
        size = TINY._replace(blocks=blocks, late_blocks=late, vocabulary=vocabulary)
        path = write_sense_voice(tmp_path / f"blocks-{blocks}", size)
        query = random_query(20)
        found = answer(SenseVoiceOnnx(ModelFolder(path), float32), query)
        expected = answer(SenseVoiceTorch(path, TORCH_FLOAT32), query)
        np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("onnx", reason="exporting a model needs onnx")
    return export_sense_voice(DEMO, tmp_path_factory.mktemp("published") / "demo-onnx")


def test_published_graphs_give_what_their_checkpoint_gives(
    published: Path, tmp_path: Path, float32: Place, int8: Place
) -> None:
    whole = copied(published, tmp_path / "float32")
    (whole / "model_quant.onnx").unlink()
    query = random_query(50, 4)
    expected = answer(SenseVoiceTorch(DEMO, TORCH_FLOAT32), query)
    found = answer(SenseVoiceOnnx(ModelFolder(whole), float32), query)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    quantized = SenseVoice(ModelFolder(published), SenseVoiceOnnx(ModelFolder(published), int8))
    reference = SenseVoice(ModelFolder(DEMO), SenseVoiceTorch(DEMO, TORCH_FLOAT32))
    for file in RECORDINGS:
        segment = Segment(features(quantized, read_audio(file)))
        heard, wanted = quantized.recognize([segment])[0], reference.recognize([segment])[0]
        if min(word.confidence or 0.0 for word in wanted.words) > _SURE:
            assert (heard.text, heard.language) == (wanted.text, wanted.language)


def plain_log_probs(file: Path, query: Query) -> LogProbs:
    """What ONNX Runtime makes of a published file as it is."""
    session = InferenceSession(str(file), providers=["CPUExecutionProvider"])
    inputs = {
        "speech": query.features[None],
        "speech_lengths": np.array([len(query.features)], np.int32),
        "language": np.array([query.language], np.int32),
        "textnorm": np.array([query.normalization], np.int32),
    }
    logits = session.run(["ctc_logits"], inputs)[0][0].astype(np.float64)
    found: LogProbs = (logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)).astype("f4")
    return found


@pytest.mark.parametrize(("file", "tolerance"), [("model.onnx", 1e-3), ("model_quant.onnx", 0.6)])
def test_the_weights_of_a_published_graph_run_in_ours(
    published: Path, tmp_path: Path, float32: Place, file: str, tolerance: float
) -> None:
    folder = copied(published, tmp_path / "one")
    for other in {"model.onnx", "model_quant.onnx"} - {file}:
        (folder / other).unlink()
    (folder / file).write_bytes(renamed_inputs((folder / file).read_bytes()))
    engine = SenseVoice(ModelFolder(folder), SenseVoiceOnnx(ModelFolder(folder), float32))
    network = SenseVoiceOnnx(ModelFolder(folder), float32)
    for recording in RECORDINGS[:8]:
        query = Query(features(engine, read_audio(recording)), 0, 14)
        expected, found = plain_log_probs(published / file, query), answer(network, query)
        second, best = np.sort(expected, axis=-1)[:, -2:].T
        clear = best - second > 2 * tolerance
        np.testing.assert_array_equal(found.argmax(-1)[clear], expected.argmax(-1)[clear])
        likely = expected > -6
        np.testing.assert_allclose(found[likely], expected[likely], atol=tolerance)


def renamed_inputs(graph: bytes) -> bytes:
    """The file as it would be refused if it were run as it is: only its weights can be used."""
    return graph.replace(b"textnorm", b"TEXTNORM")


def test_a_published_graph_of_another_form_runs_as_it_is(
    published: Path, tmp_path: Path, float32: Place
) -> None:
    folder = copied(published, tmp_path / "other")
    (folder / "model_quant.onnx").unlink()
    file = folder / "model.onnx"
    file.write_bytes(file.read_bytes().replace(b"/norm1/Mul", b"/NORM1/Mul"))
    query = random_query(40)
    expected = answer(SenseVoiceTorch(DEMO, TORCH_FLOAT32), query)
    found = answer(SenseVoiceOnnx(ModelFolder(folder), float32), query)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_a_broken_model_says_what_is_wrong(
    tiny_sense_voice: Path, tmp_path: Path, float32: Place
) -> None:
    def refusal(folder: Path) -> str:
        with pytest.raises(ServiceError) as caught:
            load(ModelFolder(folder), float32, None)
        assert caught.value.code == ErrorCode.MODEL_INVALID
        return caught.value.text

    cut = copied(tiny_sense_voice, tmp_path / "cut")
    (cut / "model.pt").write_bytes((cut / "model.pt").read_bytes()[:1000])
    assert "model.pt cannot be read" in refusal(cut)
    no_pieces = copied(tiny_sense_voice, tmp_path / "no_pieces")
    next(no_pieces.glob("*.model")).unlink()
    assert "must hold tokens.json or one *.model, has 0" in refusal(no_pieces)
    other = copied(tiny_sense_voice, tmp_path / "other")
    torch.save({"x": torch.zeros(1)}, other / "model.pt")
    assert "lacks weights: embed.weight" in refusal(other)
    few = copied(tiny_sense_voice, tmp_path / "few")
    (few / "tokens.json").write_text(json.dumps(["a", "b"]))
    assert "ctc.ctc_lo.weight has shape" in refusal(few)
    torch.save({"x": Path("anything")}, other / "model.pt")
    assert "holds more than tensors" in refusal(other)


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("model.pt", b"", "model.pt cannot be read"),
        ("am.mvn", b"", "am.mvn is not a normalization"),
        ("am.mvn", b"\xff\xfe\x00", "am.mvn is not a normalization"),
        ("config.yaml", b"[1, 2", "config.yaml"),
    ],
)
def test_a_damaged_file_is_named(
    tiny_sense_voice: Path, tmp_path: Path, float32: Place, file: str, content: bytes, said: str
) -> None:
    folder = copied(tiny_sense_voice, tmp_path / "damaged")
    (folder / file).write_bytes(content)
    with pytest.raises(ServiceError, match=said) as caught:
        load(ModelFolder(folder), float32, None)
    assert caught.value.code == ErrorCode.MODEL_INVALID


@pytest.mark.parametrize(
    "damage", [b"", b"<html>not found</html>", b"\x08\x07\x3a\xff\xff\xff\x7f"]
)
def test_a_broken_published_graph_says_so(
    tiny_sense_voice: Path, tmp_path: Path, float32: Place, damage: bytes
) -> None:
    folder = copied(tiny_sense_voice, tmp_path / "broken")
    (folder / "model.pt").unlink()
    (folder / "model_quant.onnx").write_bytes(damage)
    with pytest.raises(ServiceError, match=r"model_quant\.onnx cannot be read") as caught:
        load(ModelFolder(folder), float32, None)
    assert caught.value.code == ErrorCode.MODEL_INVALID
