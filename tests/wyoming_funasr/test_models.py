"""Where a model comes from: the cache, FunASR's light graph for a CPU, or its checkpoint."""

from pathlib import Path

import pytest

from wyoming_funasr.models import (
    CT_PUNC,
    choose_model,
    downloaded_source,
    find_folder,
    punctuation_source,
)
from wyoming_serving.errors import ModelMissing
from wyoming_serving.models.hub import Hub, HubName


def source(
    hub: HubName, cache: Path, *, on_cpu: bool, model: str = "SenseVoiceSmall"
) -> str | None:
    chosen = downloaded_source(
        choose_model(model),
        Hub(hub, cache, offline=True, stall_seconds=60),
        on_cpu=on_cpu,
    )
    return chosen.on(hub)


def test_a_cpu_takes_the_published_graph_where_the_hub_has_one(tmp_path: Path) -> None:
    assert source("modelscope", tmp_path, on_cpu=True) == "iic/SenseVoiceSmall-onnx"
    assert source("modelscope", tmp_path, on_cpu=False) == "iic/SenseVoiceSmall"
    assert source("hf", tmp_path, on_cpu=True) == "FunAudioLLM/SenseVoiceSmall"


@pytest.mark.parametrize(
    ("model", "published"),
    [
        ("paraformer", "iic/speech_paraformer-large_asr_nat-zh-cn-16k-common-vocab8404-onnx"),
        (
            "paraformer-zh-streaming",
            "iic/speech_paraformer-large_asr_nat-zh-cn-16k-common-vocab8404-online-onnx",
        ),
        ("paraformer-zh", None),  # FunASR publishes no ONNX form of SeACo
    ],
)
def test_a_cpu_takes_paraformers_published_graphs(
    tmp_path: Path, model: str, published: str | None
) -> None:
    checkpoint = source("modelscope", tmp_path, on_cpu=False, model=model)
    on_cpu = source("modelscope", tmp_path, on_cpu=True, model=model)
    assert on_cpu == (published or checkpoint)


def test_a_cpu_takes_the_published_punctuation(tmp_path: Path) -> None:
    hub = Hub("modelscope", tmp_path, offline=True, stall_seconds=60)
    found = {on_cpu: punctuation_source(hub, on_cpu=on_cpu) for on_cpu in (True, False)}
    assert found[True].wanted == ("config.yaml", "model_quant.onnx", "tokens.json")
    assert found[False] is CT_PUNC


def test_what_was_downloaded_before_is_not_downloaded_in_another_form(tmp_path: Path) -> None:
    folder = tmp_path / "iic--SenseVoiceSmall"
    folder.mkdir()
    for name in ("config.yaml", "model.pt", "am.mvn"):
        (folder / name).touch()
    assert source("modelscope", tmp_path, on_cpu=True) == "iic/SenseVoiceSmall"


def test_a_folder_of_ones_own_may_hold_either_form(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("model: SenseVoiceSmall\n")
    (tmp_path / "am.mvn").touch()
    hub = Hub("modelscope", tmp_path, offline=True, stall_seconds=60)
    model = choose_model(str(tmp_path))
    with pytest.raises(ModelMissing, match=r"lacks model\.pt or model_quant\.onnx or model\.onnx"):
        find_folder(model, hub, "", on_cpu=True)
    (tmp_path / "model_quant.onnx").touch()
    assert find_folder(model, hub, "", on_cpu=True) == tmp_path
