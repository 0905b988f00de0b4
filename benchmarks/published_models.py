"""Model folders in the form of FunASR's published ONNX repositories, by FunASR's own exporters.

python -m benchmarks.published_models FAMILY FOLDER writes one of real size and random weights into
FOLDER/onnx, beside the checkpoint that it is made from; FAMILY is `paraformer`, `seaco`,
`streaming` or `ct-punc`.

Source: FunASR, `funasr/utils/export_utils.py` and each family's `export_meta.py`; needs `onnx`.
"""

import json
import shutil
import sys
import warnings
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from benchmarks.random_models import (
    REAL,
    write_ct_punc,
    write_paraformer,
    write_paraformer_streaming,
)
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.torch import (
    components,
    paraformer,
    paraformer_streaming,
    punctuation,
    sense_voice,
)
from wyoming_serving.devices import Device

_EXPORTS = "funasr.models.{}.export_meta"
_LONGEST_ROWS = 512
_NOT_QUANTIZED = ("output", "bias_encoder", "bias_decoder")
"""Parts of the names of nodes that FunASR leaves in float32."""

_REAL = REAL._replace(vocabulary=8404)

_Graph = tuple[str, Any, Any]
"""A graph's name, the module that it is made from, and what the module is traced with."""


def export_sense_voice(folder: Path, target: Path) -> Path:
    """A SenseVoice folder in the form of `iic/SenseVoiceSmall-onnx`, and its float32 graph."""
    model = _rebuilt(folder, sense_voice.MODULES, "sense_voice")
    return _export(folder, target, [("model", model, model.export_dummy_inputs())], ())


def export_paraformer(folder: Path, target: Path) -> Path:
    """A Paraformer folder in the form of `iic/speech_paraformer-large_..._vocab8404-onnx`."""
    model = _rebuilt(folder, paraformer.MODULES, "paraformer")
    return _export(folder, target, [("model", model, model.export_dummy_inputs())])


def export_seaco(folder: Path, target: Path) -> Path:
    """A SeACo-Paraformer folder as FunASR exports it: the network, and the reader of hotwords."""
    backbone, reader = _rebuilt(folder, paraformer.MODULES, "seaco_paraformer")
    config = ModelFolder(folder)
    backbone.NOBIAS = config.config["model_conf"]["NO_BIAS"]
    speech, lengths, _ = backbone.export_dummy_inputs()
    bias = torch.randn(len(speech), 1, config.section("encoder_conf")["output_size"])
    hotwords = reader.export_dummy_inputs() % len(config.vocabulary)
    graphs = [("model", backbone, (speech, lengths, bias)), ("model_eb", reader, (hotwords,))]
    return _export(folder, target, graphs)


def export_paraformer_streaming(folder: Path, target: Path) -> Path:
    """A folder in the form of `iic/speech_paraformer-large_..._vocab8404-online-onnx`."""
    modules = (*paraformer_streaming.MODULES, "funasr.models.sanm.encoder")
    encoder, decoder = _rebuilt(folder, modules, "paraformer_streaming")
    graphs = [(name, one, one.export_dummy_inputs())
              for name, one in (("model", encoder), ("decoder", decoder))]  # fmt: skip
    return _export(folder, target, graphs)


def export_ct_punc(folder: Path, target: Path) -> Path:
    """A ct-punc folder in the form of `iic/punc_ct-transformer_..._vocab471067-large-onnx`."""
    modules = (*punctuation.MODULES, "funasr.models.sanm.encoder")
    model = _rebuilt(folder, modules, "ct_transformer")
    return _export(folder, target, [("model", model, model.export_dummy_inputs())])


def main() -> None:
    """Write a folder of real size."""
    family, folder = sys.argv[1], Path(sys.argv[2])
    write, export = _FAMILIES[family]
    print(export(write(folder), folder / "onnx"))


_FAMILIES: dict[str, tuple[Callable[[Path], Path], Callable[[Path, Path], Path]]] = {
    "paraformer": (
        lambda folder: write_paraformer(folder, _REAL, hotwords=False), export_paraformer
    ),
    "seaco": (
        lambda folder: write_paraformer(folder, _REAL, hotwords=True, hotword_blocks=6),
        export_seaco,
    ),
    "streaming": (lambda folder: write_paraformer_streaming(folder, _REAL),
                  export_paraformer_streaming),
    "ct-punc": (lambda folder: write_ct_punc(folder, _REAL), export_ct_punc),
}  # fmt: skip


def _rebuilt(folder: Path, modules: tuple[str, ...], family: str) -> Any:
    """FunASR's modules as its exporter changes them."""
    model = components.build(folder, modules, Device("cpu", "float32", "CPU, float32")).model
    config = ModelFolder(folder).config
    names = ("encoder", "decoder", "predictor", "seaco_decoder")
    parts = {name: config.get(name) for name in names}
    rebuild = import_module(_EXPORTS.format(family)).export_rebuild_model
    return rebuild(model, max_seq_len=_LONGEST_ROWS, device="cpu", **parts)


def _export(
    folder: Path, target: Path, graphs: Iterable[_Graph], floats: tuple[str, ...] = _NOT_QUANTIZED
) -> Path:
    """Write graphs in float32 and in eight bits, and the files around them."""
    target.mkdir(parents=True, exist_ok=True)
    for name, model, inputs in graphs:
        _write_graph(target / f"{name}.onnx", model.eval(), inputs)
        _quantize(target / f"{name}.onnx", target / f"{name}_quant.onnx", floats)
    for name in ("config.yaml", "am.mvn"):
        if (folder / name).is_file():
            shutil.copy(folder / name, target / name)
    vocabulary = json.dumps(ModelFolder(folder).vocabulary, ensure_ascii=False)
    (target / "tokens.json").write_text(vocabulary, encoding="utf-8")
    return target


def _write_graph(file: Path, model: Any, inputs: tuple[torch.Tensor, ...]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the older exporter, which FunASR uses
        torch.onnx.export(
            model, inputs, str(file), opset_version=14,
            input_names=model.export_input_names(), output_names=model.export_output_names(),
            dynamic_axes=model.export_dynamic_axes(), dynamo=False,
        )  # fmt: skip


def _quantize(file: Path, target: Path, floats: tuple[str, ...]) -> None:
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    names = [node.name for node in onnx.load(file, load_external_data=False).graph.node]
    quantize_dynamic(
        file, target, op_types_to_quantize=["MatMul"], per_channel=True,
        weight_type=QuantType.QUInt8,
        nodes_to_exclude=[name for name in names if any(part in name for part in floats)],
    )  # fmt: skip


if __name__ == "__main__":
    main()
