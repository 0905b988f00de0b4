"""A voice's `config.json`."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wyoming_serving.errors import ErrorCode, ServiceError


class VoiceFileError(ServiceError):
    """A file of a voice is not what this runtime reads."""

    def __init__(self, text: str) -> None:
        super().__init__(ErrorCode.VOICE_FILE_INVALID, text)


@dataclass(frozen=True)
class AcousticConfig:
    """What a MeloTTS `config.json` says about the acoustic model and its inputs.

    The symbol table and the table sizes belong to the checkpoint, not to the code.
    """

    sample_rate_hz: int
    hop_length: int
    add_blank: bool
    disable_bert: bool
    speakers: Mapping[str, int]
    symbols: tuple[str, ...]
    num_tones: int
    num_languages: int
    n_speakers: int
    inter_channels: int
    hidden_channels: int
    filter_channels: int
    n_heads: int
    n_layers: int
    kernel_size: int
    n_layers_trans_flow: int
    n_flow_layer: int
    gin_channels: int
    upsample_initial_channel: int
    upsample_rates: tuple[int, ...]
    upsample_kernel_sizes: tuple[int, ...]
    resblock_kernel_sizes: tuple[int, ...]
    resblock_dilation_sizes: tuple[tuple[int, ...], ...]

    @classmethod
    def read(cls, path: Path) -> "AcousticConfig":
        """Read a `config.json`.

        Raises:
            VoiceFileError: it cannot be read, lacks a key, or asks for a variant that no
                published voice uses.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise VoiceFileError(f"{path}: cannot be read as JSON ({error})") from None
        try:
            return cls.from_json(content)
        except KeyError as error:
            raise VoiceFileError(f"{path}: has no key {error}") from None
        except (AttributeError, TypeError, ValueError) as error:
            raise VoiceFileError(f"{path}: {error}") from None

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "AcousticConfig":
        """Take what inference needs from a parsed `config.json`.

        Raises:
            KeyError, AttributeError, TypeError, ValueError: it lacks a key or has a wrong value.
        """
        data, model = content["data"], content["model"]
        _refuse_variants(model)
        config = cls(
            sample_rate_hz=int(data["sampling_rate"]),
            hop_length=int(data["hop_length"]),
            add_blank=bool(data["add_blank"]),
            disable_bert=bool(data.get("disable_bert", False)),
            speakers={str(name): int(index) for name, index in data["spk2id"].items()},
            symbols=tuple(content["symbols"]),
            num_tones=int(content["num_tones"]),
            num_languages=int(content["num_languages"]),
            n_speakers=int(data["n_speakers"]),
            n_flow_layer=int(model.get("n_flow_layer", 4)),
            upsample_rates=tuple(model["upsample_rates"]),
            upsample_kernel_sizes=tuple(model["upsample_kernel_sizes"]),
            resblock_kernel_sizes=tuple(model["resblock_kernel_sizes"]),
            resblock_dilation_sizes=tuple(map(tuple, model["resblock_dilation_sizes"])),
            **{name: int(model[name]) for name in _MODEL_SIZES},
        )
        config._check()
        return config

    def _check(self) -> None:
        if math.prod(self.upsample_rates) != self.hop_length:
            raise ValueError(
                f"upsample_rates {list(self.upsample_rates)} must multiply to hop_length "
                f"{self.hop_length}"
            )
        if len(self.upsample_rates) != len(self.upsample_kernel_sizes):
            raise ValueError("upsample_rates and upsample_kernel_sizes must be equally long")
        if len(self.resblock_kernel_sizes) != len(self.resblock_dilation_sizes):
            raise ValueError("resblock_kernel_sizes and _dilation_sizes must be equally long")
        if not self.speakers:
            raise ValueError("data.spk2id names no speaker")
        for name, index in self.speakers.items():
            if not 0 <= index < self.n_speakers:
                raise ValueError(f"speaker {name} has id {index}, allowed: 0 to {self.n_speakers}")


_MODEL_SIZES = (
    "inter_channels",
    "hidden_channels",
    "filter_channels",
    "n_heads",
    "n_layers",
    "kernel_size",
    "n_layers_trans_flow",
    "gin_channels",
    "upsample_initial_channel",
)

_VARIANTS: Mapping[str, tuple[object, object]] = {
    "resblock": ("1", "1"),
    "use_sdp": (True, True),
    "use_transformer_flow": (True, True),
    "flow_share_parameter": (False, False),
    "use_spk_conditioned_encoder": (True, True),
    "use_vc": (False, False),
}
"""Key: (upstream's default, what every published voice has and this runtime computes)."""


def _refuse_variants(model: dict[str, Any]) -> None:
    for name, (default, supported) in _VARIANTS.items():
        value = model.get(name, default)
        if value != supported:
            raise ValueError(f"model.{name} is {value!r}; this runtime computes {supported!r}")
