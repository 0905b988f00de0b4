"""FunASR's classes, built from a model folder.

FunASR's own `AutoModel` is not used to build them, for three measured reasons: `import funasr`
imports every model it has (13 s and 490 MB, against 0.7 s and 230 MB for the modules a family
needs); loading keeps three copies of the weights at once (2.8 GB for SenseVoiceSmall); and a
checkpoint is unpickled without `weights_only`.
"""

import contextlib
import importlib
import importlib.util
import pickle
import sys
import types
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf

from wyoming_serving.devices import Device
from wyoming_serving.errors import ErrorCode, ServiceError

_IN_HALF = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.LSTM)
"""Layers whose weights are float16 where the precision is; others keep float32, which autocast
needs."""

_IN_FULL = "predictor"
"""FunASR computes the predictor of token counts with autocast switched off."""


@dataclass
class Components:
    """One loaded model with what goes around it; parts the folder has no use for are None."""

    model: Any
    tokenizer: Any
    frontend: Any
    config: dict[str, Any]
    vocabulary: list[str]
    """The text of each token, by its id."""


def build(folder: Path, modules: tuple[str, ...], device: Device) -> Components:
    """Load a FunASR folder (`config.yaml`, `model.pt`, ...) on `device`, ready to infer.

    `modules` are the FunASR modules that register the classes named in `config.yaml`.

    Raises:
        ServiceError: the folder is not a model of these classes.
    """
    parts = create(folder, modules)
    _load_weights(parts.model, folder / parts.config.get("init_param", "model.pt"))
    parts.model = _place(parts.model.eval(), device)
    return parts


def precision(device: Device) -> torch.autocast:
    """The context in which a model that `build` placed on `device` computes.

    In float16, matrix products and convolutions take and return float16, and all else stays
    float32: FunASR's masks are float32, its position encodings are wrong in float16 (at row 500
    the angles are a quarter off), and the sums of 70 layers would leave its range.
    """
    kind = torch.device(device.torch_name).type
    return torch.autocast(kind, torch.float16, enabled=device.precision == "float16")


def create(folder: Path, modules: tuple[str, ...]) -> Components:
    """Build what a folder's `config.yaml` describes; the model's weights have no memory yet.

    Raises:
        ServiceError: the folder is not a model of these classes.
    """
    import_modules(modules)
    from funasr.register import tables

    config = _read_config(folder)
    tokenizer = _tokenizer(tables, config, folder)
    frontend = _frontend(tables, config, folder)
    model_class = tables.model_classes.get(config["model"])
    if model_class is None:
        raise ServiceError(
            ErrorCode.MODEL_INVALID, f"{folder}: model class {config['model']!r} unknown"
        )
    settings = {**config.get("model_conf", {}), **{k: v for k, v in config.items() if k != "model"}}
    vocabulary = _vocabulary(tokenizer)
    if vocabulary:
        settings |= {"vocab_size": len(vocabulary), "token_list": vocabulary}
    settings["input_size"] = frontend.output_size() if frontend is not None else None
    with torch.device("meta"):
        model = model_class(**settings)
    return Components(model, tokenizer, frontend, config, vocabulary)


def import_modules(modules: tuple[str, ...]) -> None:
    """Import single modules of FunASR without running its package's import of everything."""
    if "funasr" not in sys.modules:
        spec = importlib.util.find_spec("funasr")
        if spec is None or spec.submodule_search_locations is None:
            raise ServiceError(
                ErrorCode.EXTRA_MISSING, "FunASR is not installed: pip install funasr"
            )
        package = types.ModuleType("funasr")
        package.__path__ = list(spec.submodule_search_locations)
        package.__spec__ = spec
        sys.modules["funasr"] = package
    # some of its modules print, and standard output may be the protocol's
    with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in modules:
            importlib.import_module(module)


def _read_config(folder: Path) -> dict[str, Any]:
    try:
        config = OmegaConf.to_container(OmegaConf.load(folder / "config.yaml"), resolve=True)
    except (OSError, ValueError) as error:
        raise ServiceError(
            ErrorCode.MODEL_INVALID, f"{folder}/config.yaml cannot be read: {error}"
        ) from None
    if not isinstance(config, dict) or "model" not in config:
        raise ServiceError(ErrorCode.MODEL_INVALID, f"{folder}/config.yaml names no model")
    return {str(key): value for key, value in config.items()}


def _tokenizer(tables: Any, config: dict[str, Any], folder: Path) -> Any:
    name = config.get("tokenizer")
    if name is None:
        return None
    settings = dict(config.get("tokenizer_conf") or {})
    if name == "SentencepiecesTokenizer":
        settings["bpemodel"] = str(_only_file(folder, "*.model"))
    elif settings.get("token_list") is None:
        settings["token_list"] = str(_only_file(folder, "tokens.json"))
        if (folder / "seg_dict").is_file():
            settings["seg_dict"] = str(folder / "seg_dict")
    return tables.tokenizer_classes.get(name)(**settings)


def _frontend(tables: Any, config: dict[str, Any], folder: Path) -> Any:
    name = config.get("frontend")
    if name is None:
        return None
    settings = dict(config.get("frontend_conf") or {})
    if (folder / "am.mvn").is_file():
        settings["cmvn_file"] = str(folder / "am.mvn")
    settings["dither"] = 0.0  # FunASR's random noise gives another text each time
    return tables.frontend_classes.get(name)(**settings)


def _vocabulary(tokenizer: Any) -> list[str]:
    if tokenizer is None:
        return []
    if hasattr(tokenizer, "token_list"):
        return list(tokenizer.token_list)
    tokenizer.encode("")  # FunASR opens its sentencepiece model on first use
    return [tokenizer.sp.id_to_piece(i) for i in range(tokenizer.get_vocab_size())]


def _only_file(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise ServiceError(
            ErrorCode.MODEL_INVALID, f"{folder} must hold one {pattern}, has {len(found)}"
        )
    return found[0]


def _load_weights(model: torch.nn.Module, file: Path) -> None:
    """Give a model built without memory its weights.

    The file is read, not mapped: weights that stay floats would keep all of it in memory.
    """
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0]
        raise ServiceError(ErrorCode.MODEL_INVALID, f"{file} cannot be read: {reason}") from None
    for key in ("state_dict", "model_state_dict", "model"):
        state = state.get(key, state)
    wanted = model.state_dict().keys()
    state = {key.removeprefix("module."): value for key, value in state.items()}
    missing = [key for key in wanted if key not in state]
    if missing:
        raise ServiceError(
            ErrorCode.MODEL_INVALID, f"{file} lacks {len(missing)} weights: {missing[0]}, ..."
        )
    try:
        model.load_state_dict({key: state[key] for key in wanted}, assign=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise ServiceError(
            ErrorCode.MODEL_INVALID, f"{file} does not fit config.yaml: {reason}"
        ) from None


def _place(model: torch.nn.Module, device: Device) -> torch.nn.Module:
    """Put the model onto its device; in float16, with the weights of its products in half."""
    halved = device.precision == "float16"
    for name, part in model.named_modules():
        in_half = halved and isinstance(part, _IN_HALF) and not name.startswith(_IN_FULL)
        for parameter in part.parameters(recurse=False):
            parameter.data = parameter.data.to(torch.float16 if in_half else torch.float32)
    return model.to(device.torch_name)
