"""FunASR's published ONNX folders of Paraformer and ct-punc, on random weights."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.published_models import (
    export_ct_punc,
    export_paraformer,
    export_paraformer_streaming,
    export_seaco,
)
from benchmarks.random_models import TINY, write_paraformer
from tests.support.engines import TORCH_FLOAT32, copied, features
from tests.support.speech import SPEECH, speech_samples
from tests.wyoming_funasr.conftest import ServiceMaker
from tests.wyoming_funasr.engines.test_paraformer_streaming import (
    SAMPLES,
    beginning,
    funasr_text,
    speak,
)
from tests.wyoming_funasr.requests.test_utterance import WITHOUT
from wyoming_funasr.engines.base import Place
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.onnx.paraformer import load
from wyoming_funasr.engines.onnx.paraformer_published import ParaformerPublished
from wyoming_funasr.engines.onnx.paraformer_streaming import load as load_streaming
from wyoming_funasr.engines.onnx.published import write_published
from wyoming_funasr.engines.table import load_punctuation
from wyoming_funasr.engines.torch.paraformer import ParaformerTorch
from wyoming_funasr.models import choose_model
from wyoming_funasr.recognition.hotwords import Hotword
from wyoming_funasr.recognition.types import Memory, Segment
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.models.int8_weights import has_exact_signed_products
from wyoming_serving.models.onnx_cache import GRAPH, WEIGHTS
from wyoming_serving.models.onnx_files import unpack
from wyoming_serving.models.onnx_sessions import open_session, run
from wyoming_serving.onnx_reader import read_graph
from wyoming_serving.service import running

pytest.importorskip("onnx", reason="exporting a model needs onnx")

Export = Callable[[Path, Path], Path]
WHOLE, QUANTIZED = "float32", "int8"


def forms(export: Export, folder: Path, target: Path) -> dict[str, Path]:
    """A published folder with the float32 graphs only, and one with those in eight bits."""
    whole = export(folder, target / WHOLE)
    quantized = copied(whole, target / QUANTIZED)
    for file in whole.glob("*.onnx"):
        other = whole if file.stem.endswith("_quant") else quantized
        (other / file.name).unlink()
    return {WHOLE: whole, QUANTIZED: quantized}


@pytest.fixture(scope="module")
def seaco_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SeACo whose hotword decoder is as deep as the published one's."""
    folder = tmp_path_factory.mktemp("deep") / "seaco"
    return write_paraformer(folder, TINY, hotwords=True, hotword_blocks=6)


@pytest.fixture(scope="module")
def seaco(seaco_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return forms(export_seaco, seaco_checkpoint, tmp_path_factory.mktemp("seaco-onnx"))


@pytest.fixture(scope="module")
def plain(tiny_paraformer: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return forms(export_paraformer, tiny_paraformer, tmp_path_factory.mktemp("plain-onnx"))


@pytest.fixture(scope="module")
def streaming(
    tiny_paraformer_streaming: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    return forms(
        export_paraformer_streaming,
        tiny_paraformer_streaming,
        tmp_path_factory.mktemp("streaming-onnx"),
    )


@pytest.mark.parametrize("rows", [4, 30, 120])
def test_log_posteriors_are_those_of_the_checkpoint(
    plain: dict[str, Path], tiny_paraformer: Path, float32: Place, rows: int
) -> None:
    speech = np.random.default_rng(rows).normal(size=(rows, 560)).astype(np.float32)
    expected = ParaformerTorch(tiny_paraformer, TORCH_FLOAT32).decode([speech], ())[0]
    found = next(ParaformerPublished(ModelFolder(plain[WHOLE]), float32).decode([speech], ()))
    np.testing.assert_allclose(found.log_probs, expected.log_probs, atol=1e-3)


def test_the_text_is_the_checkpoints(
    plain: dict[str, Path], tiny_paraformer: Path, float32: Place
) -> None:
    from_checkpoint = load(ModelFolder(tiny_paraformer), float32, None)
    published = load(ModelFolder(plain[WHOLE]), float32, None)
    segment = Segment(features(published, speech_samples()))
    expected = from_checkpoint.recognize([segment])[0]
    heard = published.recognize([segment])[0]
    assert heard.text == expected.text != ""
    assert heard.confidence == pytest.approx(expected.confidence, rel=1e-3)


@pytest.mark.parametrize("count", [1, 3, 49])
def test_hotwords_are_heard_as_from_the_checkpoint(
    seaco: dict[str, Path], seaco_checkpoint: Path, float32: Place, count: int
) -> None:
    rng = np.random.default_rng(count)
    speech = rng.normal(size=(60, 560)).astype(np.float32)
    hotwords = tuple(tuple(rng.integers(3, 90, rng.integers(1, 11)).tolist()) for _ in range(count))
    expected = ParaformerTorch(seaco_checkpoint, TORCH_FLOAT32).decode([speech], hotwords)[0]
    network = ParaformerPublished(ModelFolder(seaco[WHOLE]), float32)
    found = next(network.decode([speech], hotwords))
    np.testing.assert_allclose(found.log_probs, expected.log_probs, atol=1e-3)
    assert expected.time_alphas is not None and found.time_alphas is not None
    scaled = expected.time_alphas * (len(found.log_probs) / expected.time_alphas.sum())
    np.testing.assert_allclose(found.time_alphas, scaled, atol=1e-3)


def test_words_have_the_checkpoints_times(
    seaco: dict[str, Path], seaco_checkpoint: Path, float32: Place
) -> None:
    hotwords = (Hotword("客厅", 3.0), Hotword("unknownword", 3.0))
    published = load(ModelFolder(seaco[WHOLE]), float32, None)
    from_checkpoint = load(ModelFolder(seaco_checkpoint), float32, None)
    segment = Segment(features(published, speech_samples()), hotwords=hotwords)
    heard = published.recognize([segment])[0]
    expected = from_checkpoint.recognize([segment])[0]
    assert (heard.text, heard.words) == (expected.text, expected.words)
    assert heard.words


def test_long_hotwords_are_left_out(seaco: dict[str, Path], float32: Place) -> None:
    network = ParaformerPublished(ModelFolder(seaco[WHOLE]), float32)
    speech = np.random.default_rng(0).normal(size=(60, 560)).astype(np.float32)
    short = next(network.decode([speech], ((5, 6),)))
    both = next(network.decode([speech], ((5, 6), (7,) * 11)))
    np.testing.assert_array_equal(short.log_probs, both.log_probs)


def test_a_published_graph_is_kept_optimized(plain: dict[str, Path], tmp_path: Path) -> None:
    file = plain[QUANTIZED] / "model_quant.onnx"
    write_published(file, tmp_path)
    assert {one.name for one in tmp_path.iterdir()} == {GRAPH, WEIGHTS}
    published, optimized = (len(read_graph(one)[0]) for one in (file, tmp_path / GRAPH))
    assert optimized < published * 0.7
    speech = np.random.default_rng(1).normal(size=(1, 50, 560)).astype(np.float32)
    inputs = {"speech": speech, "speech_lengths": np.array([50], np.int32)}
    as_it_is, kept = (run(open_session(one, 1), inputs) for one in (file, tmp_path / GRAPH))
    for found, expected in zip(kept, as_it_is, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-3)


def test_where_it_cannot_be_optimized_it_is_kept_as_it_is(
    plain: dict[str, Path], tmp_path: Path
) -> None:
    file = plain[QUANTIZED] / "model_quant.onnx"
    unpack(file, tmp_path / GRAPH, tmp_path / WEIGHTS, signed=has_exact_signed_products())
    disk = tmp_path / "disk"
    disk.mkdir()
    size = sum((tmp_path / name).stat().st_size for name in (GRAPH, WEIGHTS)) + (64 << 10)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a disk")
    try:
        write_published(file, disk)
        for name in (GRAPH, WEIGHTS):
            assert (disk / name).read_bytes() == (tmp_path / name).read_bytes()
        assert len(list(disk.iterdir())) == 2
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("samples", [0, 400, 8_000])
def test_the_quantized_form_hears_something(
    seaco: dict[str, Path], plain: dict[str, Path], int8: Place, samples: int
) -> None:
    for folder in (seaco[QUANTIZED], plain[QUANTIZED]):
        engine = load(ModelFolder(folder), int8, None)
        batch = [Segment(features(engine, speech_samples()[:samples])),
                 Segment(features(engine, speech_samples()))]  # fmt: skip
        heard = engine.recognize(batch)
        assert heard == [engine.recognize([one])[0] for one in batch]
        assert heard[1].text


def test_where_no_token_fires_nothing_was_said(
    plain: dict[str, Path], tmp_path: Path, float32: Place
) -> None:
    folder = copied(plain[WHOLE], tmp_path / "silent")
    (folder / "model.onnx").write_bytes(never_firing(folder / "model.onnx"))
    engine = load(ModelFolder(folder), float32, None)
    silent, speech = Segment(features(engine, SAMPLES * 0)), Segment(features(engine, SAMPLES))
    assert [one.text for one in engine.recognize([silent, speech])] == ["", ""]


def never_firing(file: Path) -> bytes:
    """The graph with a predictor that never is sure of a token."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load(file)
    for one in model.graph.initializer:
        if one.name == "predictor.cif_output.bias":
            one.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(one) - 50, one.name))
    found: bytes = model.SerializeToString()
    return found


@pytest.mark.parametrize("hops", [1, 5, 6, 7, 30, 59, 60, 61, 65, 66, 95, 120, 125, 126, 300, 347])
def test_streaming_is_funasrs_without_looking_back(
    streaming: dict[str, Path], tiny_paraformer_streaming: Path, float32: Place, hops: int
) -> None:
    engine = load_streaming(ModelFolder(streaming[WHOLE]), float32, None)
    heard = engine.recognize([beginning(hops)])[0]
    options = {"chunk_size": [5, 10, 5], "encoder_chunk_look_back": 0,
               "decoder_chunk_look_back": 0}  # fmt: skip
    samples = SAMPLES[: hops * 160]
    expected = funasr_text(tiny_paraformer_streaming, samples, 1600, **options)
    assert heard.text.replace(" ", "") == expected
    assert heard.text or hops < 6


@pytest.mark.parametrize("form", [WHOLE, QUANTIZED])
def test_a_growing_utterance_gives_what_it_gives_at_once(
    streaming: dict[str, Path], form: str, request: pytest.FixtureRequest
) -> None:
    engine = load_streaming(ModelFolder(streaming[form]), request.getfixturevalue(form), None)
    memory = Memory()
    texts = [engine.recognize([beginning(hops, memory, is_final=False)])[0].text
             for hops in range(10, 340, 30)]  # fmt: skip
    final = engine.recognize([beginning(347, memory)])[0]
    assert final == engine.recognize([beginning(347)])[0]
    assert len(set(texts)) > 3
    assert all(final.text.startswith(text) for text in texts)


async def test_a_service_sends_partial_transcripts(
    streaming: dict[str, Path], make_service: ServiceMaker
) -> None:
    assert choose_model(str(streaming[QUANTIZED])).family == "paraformer_streaming"
    words = ("--model-dir", str(streaming[QUANTIZED]), "--no-use-itn", WITHOUT)
    service = make_service(*words, "--partial-transcripts")
    async with running(service) as port:
        *texts, final = await speak(port, service, SPEECH)
    assert len(texts) >= 3
    assert "".join(texts) == final


def test_punctuation_is_the_checkpoints(
    tiny_ct_punc: Path, tmp_path: Path, float32: Place, int8: Place
) -> None:
    published = forms(export_ct_punc, tiny_ct_punc, tmp_path)
    text = "请打开客厅的灯今天温度二十五度 turn on the light 打开空调" * 3
    expected = load_punctuation(tiny_ct_punc, float32).punctuate(text)
    assert load_punctuation(published[WHOLE], float32).punctuate(text) == expected
    assert load_punctuation(published[QUANTIZED], int8).punctuate(text)


def refusal(folder: Path, place: Place) -> str:
    with pytest.raises(ServiceError) as caught:
        load(ModelFolder(folder), place, None)
    assert caught.value.code == ErrorCode.MODEL_INVALID
    return caught.value.text


def test_what_is_missing_is_named(
    seaco: dict[str, Path], streaming: dict[str, Path], tmp_path: Path, float32: Place
) -> None:
    alone = copied(seaco[WHOLE], tmp_path / "alone")
    (alone / "model_eb.onnx").unlink()
    assert "needs model_eb_quant.onnx or model_eb.onnx beside it" in refusal(alone, float32)
    assert "lacks logits, token_num" in refusal(streaming[WHOLE], float32)
    cut = copied(seaco[WHOLE], tmp_path / "cut")
    (cut / "model.onnx").write_bytes((cut / "model.onnx").read_bytes()[:-1000])
    assert "model.onnx cannot be read" in refusal(cut, float32)
