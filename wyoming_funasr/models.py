"""The models that can be served: names, families, where they come from, what they know."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.errors import ErrorCode, ModelMissing, ServiceError
from wyoming_serving.memory import require_memory
from wyoming_serving.models.hub import Hub, ModelSource, missing_files

Family = Literal["sense_voice", "paraformer", "paraformer_streaming"]

LEAST_MEMORY_BYTES = 2_000_000_000
"""A machine with less cannot hold a real model beside its system."""

_FILES = ("config.yaml", "model.pt", "am.mvn")
_FOLDER_FILES = ("config.yaml", "model.pt|model_quant.onnx|model.onnx", "am.mvn")
"""A folder of one's own may hold FunASR's published graph instead of a checkpoint."""
_PUBLISHED_FILES = ("config.yaml", "model_quant.onnx", "tokens.json")
_DECODER_GRAPHS = ("decoder_quant.onnx", "decoder.onnx")
"""What only the published form of a streaming model has."""

_DEMO_FOLDER = Path(__file__).parent / "demo_model"


@dataclass(frozen=True)
class Model:
    """One model: where it is, and what may be said of it before it is loaded."""

    name: str
    family: Family
    languages: tuple[str, ...]
    description: str
    author: str
    url: str
    source: ModelSource | None = None
    folder: Path | None = None
    light_source: ModelSource | None = None
    """FunASR's published eight-bit graph, a quarter of the download, for a CPU."""

    @property
    def is_demo(self) -> bool:
        """Whether it is the small model of this package."""
        return self.folder == _DEMO_FOLDER


_SENSE_VOICE_LANGUAGES = ("zh", "yue", "en", "ja", "ko")
_PARAFORMER_LANGUAGES = ("zh", "en")

_SENSE_VOICE_ONNX_SUMS = {
    "model_quant.onnx": "21dc965f689a78d1604717bf561e40d5a236087c85a95584567835750549e822",
    "tokens.json": "a2594fc1474e78973149cba8cd1f603ebed8c39c7decb470631f66e70ce58e97",
    "am.mvn": "29b3c740a2c0cfc6b308126d31d7f265fa2be74f3bb095cd2f143ea970896ae5",
    "config.yaml": "f71e239ba36705564b5bf2d2ffd07eece07b8e3f2bbf6d2c99d8df856339ac19",
}


def _published(name: str, *more: str) -> ModelSource:
    """One of FunASR's ONNX repositories, of which the eight-bit graphs are downloaded."""
    files = (*_PUBLISHED_FILES, *more)
    return ModelSource(name, None, files, files)


MODELS: dict[str, Model] = {
    "SenseVoiceSmall": Model(
        "SenseVoiceSmall",
        "sense_voice",
        _SENSE_VOICE_LANGUAGES,
        "SenseVoice, 234 M parameters: Chinese, Cantonese, English, Japanese, Korean",
        "FunAudioLLM",
        "https://github.com/FunAudioLLM/SenseVoice",
        ModelSource("iic/SenseVoiceSmall", "FunAudioLLM/SenseVoiceSmall", _FILES),
        light_source=ModelSource(
            "iic/SenseVoiceSmall-onnx",
            None,
            tuple(_SENSE_VOICE_ONNX_SUMS),
            tuple(_SENSE_VOICE_ONNX_SUMS),
            _SENSE_VOICE_ONNX_SUMS,
        ),
    ),
    "paraformer": Model(
        "paraformer",
        "paraformer",
        _PARAFORMER_LANGUAGES,
        "Paraformer large, 220 M parameters: Chinese with English mixed in",
        "Alibaba DAMO",
        "https://github.com/modelscope/FunASR",
        ModelSource(
            "iic/speech_paraformer-large_asr_nat-zh-cn-16k-common-vocab8404-pytorch",
            None,
            (*_FILES, "tokens.json"),
        ),
        light_source=_published(
            "iic/speech_paraformer-large_asr_nat-zh-cn-16k-common-vocab8404-onnx", "am.mvn"
        ),
    ),
    "paraformer-zh": Model(
        "paraformer-zh",
        "paraformer",
        _PARAFORMER_LANGUAGES,
        "SeACo-Paraformer large, 220 M parameters: Chinese with English mixed in, hotwords",
        "Alibaba DAMO",
        "https://github.com/modelscope/FunASR",
        ModelSource(
            "iic/speech_seaco_paraformer_large_asr_nat-zh-cn-16k-common-vocab8404-pytorch",
            "funasr/paraformer-zh",
            (*_FILES, "tokens.json"),
        ),
    ),
    "paraformer-zh-streaming": Model(
        "paraformer-zh-streaming",
        "paraformer_streaming",
        _PARAFORMER_LANGUAGES,
        "Streaming Paraformer large, 220 M parameters: Chinese with English mixed in, as spoken",
        "Alibaba DAMO",
        "https://github.com/modelscope/FunASR",
        ModelSource(
            "iic/speech_paraformer-large_asr_nat-zh-cn-16k-common-vocab8404-online",
            "funasr/paraformer-zh-streaming",
            (*_FILES, "tokens.json"),
        ),
        light_source=_published(
            "iic/speech_paraformer-large_asr_nat-zh-cn-16k-common-vocab8404-online-onnx",
            "am.mvn",
            "decoder_quant.onnx",
        ),
    ),
    "demo": Model(
        "demo",
        "sense_voice",
        ("zh", "en"),
        "Small SenseVoice trained on synthesized home commands, for trying the service offline",
        "this project",
        "https://github.com/modelscope/FunASR",
        folder=_DEMO_FOLDER,
    ),
}

FSMN_VAD = ModelSource("iic/speech_fsmn_vad_zh-cn-16k-common-pytorch", "funasr/fsmn-vad", _FILES)
CT_PUNC = ModelSource(
    "iic/punc_ct-transformer_cn-en-common-vocab471067-large",
    "funasr/ct-punc",
    ("config.yaml", "model.pt", "tokens.json"),
)
_LIGHT_CT_PUNC = _published("iic/punc_ct-transformer_cn-en-common-vocab471067-large-onnx")


def choose_model(name: str) -> Model:
    """The model for a name, a folder or a hub id. Nothing is loaded or downloaded.

    Raises:
        ModelMissing: a folder that is not a model.
    """
    if name in MODELS:
        return MODELS[name]
    for model in MODELS.values():
        if any(name in (source.modelscope, source.hf) for source in _sources(model)):
            return model
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _from_folder(folder)
    if name.count("/") == 1 and not name.startswith((".", "~", "/")):
        return _from_hub_id(name)
    raise ModelMissing(
        f"model {name!r} is neither a folder nor a hub id (owner/name) nor one of "
        f"{', '.join(MODELS)}"
    )


def choose_models(names: Sequence[str]) -> list[Model]:
    """The models for several names, of which clients can ask by `Model.name`.

    Raises:
        ServiceError: those of `choose_model`; `model-invalid`, two have the same name.
    """
    models = [choose_model(name) for name in names]
    for name, count in Counter(model.name for model in models).items():
        if count > 1:
            raise ServiceError(ErrorCode.MODEL_INVALID, f"{count} models have the name {name}")
    return models


def model_in(folder: Path) -> Model:
    """The model that a folder holds, with all of its files. Nothing is loaded.

    Raises:
        ServiceError: it holds none, or not all of one.
    """
    model = _from_folder(folder)
    _check_files(folder)
    return model


def find_folder(model: Model, hub: Hub, command: str, *, on_cpu: bool) -> Path:
    """The model's folder, downloaded where it must be; `command` is what a user runs for that.

    Raises:
        ModelMissing: it is not to be had, or its folder lacks files.
    """
    if model.folder is None:
        source = downloaded_source(model, hub, on_cpu=on_cpu)
        return hub.find(source, command)
    _check_files(model.folder)
    return model.folder


def downloaded_source(model: Model, hub: Hub, *, on_cpu: bool) -> ModelSource:
    """Where a model comes from: what the cache has, else the light form where a CPU can run it."""
    assert model.source is not None
    return _chosen(model.source, model.light_source if on_cpu else None, hub)


def punctuation_source(hub: Hub, *, on_cpu: bool) -> ModelSource:
    """Where ct-punc comes from, likewise."""
    return _chosen(CT_PUNC, _LIGHT_CT_PUNC if on_cpu else None, hub)


def _chosen(source: ModelSource, light: ModelSource | None, hub: Hub) -> ModelSource:
    if light is None:
        return source
    if hub.cached(light) is None and (hub.cached(source) or not hub.offers(light)):
        return source
    return light


def is_on_disk(model: Model, hub: Hub) -> bool:
    """Whether the model can be loaded without a download."""
    if model.folder is not None:
        return not missing_files(model.folder, _FOLDER_FILES)
    return any(hub.cached(source) is not None for source in _sources(model))


def required_sources(
    model: Model, settings: FunasrSettings, hub: Hub, *, on_cpu: bool
) -> Sequence[ModelSource]:
    """The models that go around `model` and come from the hub as well."""
    vad = () if settings.use_external_vad else (FSMN_VAD,)
    unmarked = model.family != "sense_voice"
    marks = unmarked and settings.use_itn
    return (*vad, *((punctuation_source(hub, on_cpu=on_cpu),) if marks else ()))


def check_memory(models: Sequence[Model]) -> None:
    """Refuse a machine that cannot hold the real ones among the models.

    Raises:
        ServiceError: it has too little memory.
    """
    names = [model.name for model in models if not model.is_demo]
    if names:
        require_memory(len(names) * LEAST_MEMORY_BYTES, f"model {' and '.join(names)}")


def _sources(model: Model) -> list[ModelSource]:
    return [source for source in (model.source, model.light_source) if source is not None]


def _from_folder(folder: Path) -> Model:
    try:
        config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
        model_class = str(config["model"])
    except OSError:
        raise ModelMissing(f"model folder {folder} has no FunASR config.yaml") from None
    except (ValueError, yaml.YAMLError, KeyError, TypeError):
        text = f"{folder / 'config.yaml'} is not one of FunASR's: it must be YAML with a `model`"
        raise ServiceError(ErrorCode.MODEL_INVALID, text) from None
    if any((folder / name).is_file() for name in _DECODER_GRAPHS):
        model_class += " streaming"
    return _of_family(folder.name, model_class, None, folder)


def _check_files(folder: Path) -> None:
    lacking = missing_files(folder, _FOLDER_FILES)
    if lacking:
        raise ModelMissing(f"model folder {folder} lacks {', '.join(lacking)}")


def _from_hub_id(name: str) -> Model:
    return _of_family(name.split("/")[1], name, ModelSource(name, name, _FOLDER_FILES), None)


def _of_family(name: str, hint: str, source: ModelSource | None, folder: Path | None) -> Model:
    """A model that is not in the table; its family shows in its class or its id."""
    key = hint.lower().replace("_", "").replace("-", "")
    if "sensevoice" in key:
        family: Family = "sense_voice"
        languages: tuple[str, ...] = _SENSE_VOICE_LANGUAGES
    elif "paraformer" in key:
        streaming = "streaming" in key or "online" in key
        family = "paraformer_streaming" if streaming else "paraformer"
        languages = _PARAFORMER_LANGUAGES
    else:
        raise ModelMissing(f"{hint}: not of a known family; allowed: SenseVoice, Paraformer")
    return Model(name, family, languages, name, "FunASR", "https://github.com/modelscope/FunASR",
                 source, folder)  # fmt: skip
