"""Paraformer and ct-punc on random weights: FunASR's answers, on torch and on ONNX Runtime."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.random_models import TINY, write_paraformer
from tests.support.engines import TORCH_FLOAT32, features, funasr_text
from tests.support.speech import speech_samples
from wyoming_funasr.engines.base import EngineLoader, Place
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.onnx.paraformer import ParaformerOnnx, load
from wyoming_funasr.engines.table import load_punctuation
from wyoming_funasr.engines.tokens import Speller, spelled_text, written_words
from wyoming_funasr.engines.torch import components, punctuation
from wyoming_funasr.engines.torch.paraformer import MODULES, ParaformerTorch
from wyoming_funasr.engines.torch.paraformer import load as load_on_torch
from wyoming_funasr.recognition.hotwords import Hotword
from wyoming_funasr.recognition.text import clean
from wyoming_funasr.recognition.types import Segment
from wyoming_serving.errors import ErrorCode, ServiceError

KINDS = ["tiny_paraformer", "tiny_seaco"]


@pytest.fixture(params=KINDS)
def folder(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue(request.param)
    return path


@pytest.fixture(scope="module")
def six_layers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SeACo whose hotword decoder is as deep as the published one's, which sorts hotwords."""
    path = tmp_path_factory.mktemp("deep") / "seaco"
    return write_paraformer(path, TINY, hotwords=True, hotword_blocks=6)


@pytest.mark.parametrize("rows", [4, 30, 120])
def test_log_posteriors_are_those_of_torch(folder: Path, float32: Place, rows: int) -> None:
    speech = np.random.default_rng(rows).normal(size=(rows, 560)).astype(np.float32)
    expected = ParaformerTorch(folder, TORCH_FLOAT32).decode([speech], ())[0]
    found = next(ParaformerOnnx(ModelFolder(folder), float32).decode([speech], ()))
    np.testing.assert_allclose(found.log_probs, expected.log_probs, atol=1e-3)


@pytest.mark.parametrize("count", [1, 3, 49, 50, 60])
def test_hotwords_are_heard_as_with_torch(six_layers: Path, float32: Place, count: int) -> None:
    rng = np.random.default_rng(count)
    speech = rng.normal(size=(60, 560)).astype(np.float32)
    hotwords = tuple(tuple(rng.integers(3, 90, rng.integers(1, 5)).tolist()) for _ in range(count))
    expected = ParaformerTorch(six_layers, TORCH_FLOAT32).decode([speech], hotwords)[0]
    found = next(ParaformerOnnx(ModelFolder(six_layers), float32).decode([speech], hotwords))
    np.testing.assert_allclose(found.log_probs, expected.log_probs, atol=1e-3)


def test_the_text_is_funasrs(folder: Path, float32: Place) -> None:
    engine = load(ModelFolder(folder), float32, None)
    heard = engine.recognize([Segment(features(engine, speech_samples()))])[0]
    # FunASR sets blanks between made-up tokens such as `词16` only where it also tells times
    expected = funasr_text(folder, MODULES)
    assert heard.text.replace(" ", "") == expected.replace(" ", "")
    assert heard.text
    assert 0 < heard.confidence <= 1


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_company_changes_nothing(
    folder: Path, precision: str, request: pytest.FixtureRequest
) -> None:
    engine = load(ModelFolder(folder), request.getfixturevalue(precision), None)
    samples = speech_samples()
    batch = [
        Segment(features(engine, one))
        for one in (samples, samples[:4_000], samples * 8, samples[:0], samples[9_000:])
    ]
    assert engine.recognize(batch) == [engine.recognize([one])[0] for one in batch]


def test_seaco_takes_hotwords_of_each_utterance(tiny_seaco: Path, float32: Place) -> None:
    engine = load(ModelFolder(tiny_seaco), float32, None)
    heard_features = features(engine, speech_samples())
    hotwords = (Hotword("客厅", 3.0), Hotword("unknownword", 3.0))
    plain, pulled = engine.recognize(
        [Segment(heard_features), Segment(heard_features, hotwords=hotwords)]
    )
    assert pulled.text != plain.text
    expected = funasr_text(tiny_seaco, MODULES, hotword="客厅")
    alone = engine.recognize([Segment(heard_features, hotwords=hotwords[:1])])[0]
    assert alone.text.replace(" ", "") == expected.replace(" ", "")


def test_a_name_in_traditional_characters_is_the_same_hotword(
    tiny_seaco: Path, float32: Place
) -> None:
    engine = load(ModelFolder(tiny_seaco), float32, None)
    speech = features(engine, speech_samples())
    simplified, traditional = (
        Segment(speech, hotwords=(Hotword(name, 3.0),)) for name in ("客厅", "客廳")
    )
    plain, *heard = engine.recognize([Segment(speech), simplified, traditional])
    assert heard[0].text == heard[1].text != plain.text


def test_seaco_tells_when_words_were_said(tiny_seaco: Path, float32: Place) -> None:
    engine = load(ModelFolder(tiny_seaco), float32, None)
    words = engine.recognize([Segment(features(engine, speech_samples()))])[0].words
    assert words and all(word.start_ms < word.end_ms for word in words)
    assert words[-1].end_ms <= len(speech_samples()) / 16 + 60


def test_punctuation_is_written_where_it_is_wanted(
    tiny_paraformer: Path, tiny_ct_punc: Path, float32: Place
) -> None:
    marks = load_punctuation(tiny_ct_punc, float32)
    engine = load(ModelFolder(tiny_paraformer), float32, marks)
    heard_features = features(engine, speech_samples())
    marked, plain = engine.recognize(
        [Segment(heard_features), Segment(heard_features, use_itn=False)]
    )
    assert marked.text == clean(marks.punctuate(plain.text))
    assert marks.punctuate(" ") == " "


@pytest.mark.parametrize("words", [1, 2, 20, 21, 60, 210])
def test_punctuation_is_funasrs(tiny_ct_punc: Path, float32: Place, words: int) -> None:
    known = ["打", "开", "客", "厅", "灯", "请", " light ", " turn ", " wifi ", "猫"]
    rng = np.random.default_rng(words)
    text = "".join(known[i] for i in rng.integers(0, len(known), words)).strip()
    parts = components.build(tiny_ct_punc, punctuation.MODULES, TORCH_FLOAT32)
    with torch.inference_mode():
        results, _ = parts.model.inference(
            [text], key=["text"], tokenizer=parts.tokenizer, device="cpu"
        )
    found = load_punctuation(tiny_ct_punc, float32).punctuate(text)
    assert found == results[0]["text"]


@pytest.mark.parametrize(
    "tokens",
    [
        ["打", "开", "客", "厅", "的", "灯"],
        ["turn", "on", "the", "light"],
        ["ki@@", "tchen", "light"],
        ["打", "开", "wi@@", "fi", "灯"],
        ["打", "开", "u", "s", "b", "灯"],
        ["u", "s", "b"],
        ["i", "like", "it"],
        ["插", "上", "u", "s", "b", "and", "t", "v"],
        ["to", "2", "0", "度"],
        ["don't", "打", "开"],
        ["打", "开", "ki@@"],
        ["a"],
        [],
    ],
)
def test_tokens_are_written_as_funasr_writes_them(tokens: list[str]) -> None:
    components.import_modules(("funasr.utils.postprocess_utils",))
    from funasr.utils.postprocess_utils import sentence_postprocess

    assert spelled_text(written_words(tokens)).strip() == sentence_postprocess(list(tokens))[0]


def test_hotwords_are_spelled_with_the_models_tokens(tmp_path: Path) -> None:
    vocabulary = ["<blank>", "打", "开", "wi@@", "fi", "<unk>"]
    assert Speller(vocabulary, tmp_path).spell("打 开") == [1, 2]
    assert Speller(vocabulary, tmp_path).spell("wifi") is None
    (tmp_path / "seg_dict").write_text("wifi wi@@ fi\n打 打\n\n", encoding="utf-8")
    assert Speller(vocabulary, tmp_path).spell("WiFi") == [3, 4]
    assert Speller(vocabulary, tmp_path).spell("打") == [1]


@pytest.mark.parametrize("load_checkpoint", [load, load_on_torch], ids=["onnx", "torch"])
def test_a_checkpoint_of_another_class_is_refused_in_one_line(
    tiny_paraformer: Path, tmp_path: Path, float32: Place, load_checkpoint: EngineLoader
) -> None:
    folder = tmp_path / "contextual"
    shutil.copytree(tiny_paraformer, folder)
    config = folder / "config.yaml"
    text = config.read_text("utf-8")
    config.write_text(text.replace("model: Paraformer", "model: ContextualParaformer"), "utf-8")
    with pytest.raises(ServiceError, match="of ContextualParaformer cannot be loaded") as error:
        load_checkpoint(ModelFolder(folder), float32, None)
    assert error.value.code is ErrorCode.MODEL_INVALID
    assert "; use paraformer-zh" in error.value.text and "\n" not in error.value.text
