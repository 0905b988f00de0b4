"""Write the add-ons' options, schemas and English translations from the settings (`make docs`).

The Supervisor's types are described in Home Assistant's developer documentation, "App
configuration". An option whose type ends in `?` may be absent; the form hides it until asked.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from wyoming_funasr.settings import FunasrSettings
from wyoming_melotts.settings import MelottsSettings
from wyoming_serving.ray.settings import EngineSettings
from wyoming_serving.settings import Settings

HERE = Path(__file__).parent
MARKER = "# What follows is written by `make docs` from the settings' declarations.\n"

FIXED = (
    "uri",
    "zeroconf",
    "zeroconf_name",
    "zeroconf_interfaces",
    "device",
    "cache_dir",
    "http_host",
    "http_port",
    "http_trusted_proxy",
    "otlp_endpoint",
    "home_assistant_url",
    "home_assistant_token",
    "home_assistant_token_file",
    *(EngineSettings.model_fields.keys() - Settings.model_fields.keys()),
)
"""What the container decides: its Dockerfile sets them in the environment, the Supervisor tells how
to reach Home Assistant, the model runs here, and the image has no extra `tracing`."""


@dataclass(frozen=True)
class AddOn:
    """One add-on; the settings in `shown` stand in its form from the start."""

    settings: type[Settings]
    port: int
    http_port: int
    """Of the page, for the Supervisor's ingress, and of the API."""
    shown: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return HERE / self.settings.model_config["env_prefix"].rstrip("_").lower()


ADD_ONS = (
    AddOn(
        FunasrSettings,
        10300,
        10380,
        ("model_dir", "language", "hub", "hotwords", "chinese_script", "use_itn", "log_level"),
    ),
    AddOn(
        MelottsSettings,
        10200,
        10280,
        ("hub", "speed", "preload", "text_normalization", "log_level"),
    ),
)

NAMES = {
    "model_dir": "Model",
    "use_itn": "Punctuation and digits",
    "hub": "Download from",
    "home": "Home description",
    "home_assistant_wait_seconds": "Wait for Home Assistant (seconds)",
    "mqtt_host": "MQTT broker",
    "mqtt_port": "MQTT port",
    "mqtt_username": "MQTT user name",
    "mqtt_password": "MQTT password",
    "mqtt_password_file": "MQTT password file",
    "mqtt_tls": "MQTT with TLS",
    "mqtt_topic": "MQTT topic",
    "mqtt_texts": "Texts over MQTT",
    "mqtt_wait_seconds": "Wait for MQTT (seconds)",
    "max_segment_time": "Longest segment",
    "use_external_vad": "Silero voice activity detection",
    "sdp_ratio": "Stochastic duration",
    "noise_scale": "Voice variation",
    "noise_scale_w": "Rhythm variation",
    "cache_mb": "Audio cache (MB)",
    "min_free_memory_mb": "Memory to keep free (MB)",
    "preload": "Voices to preload",
}
"""Names of settings whose keys do not read well; the others are made from the keys."""

UNITS = {"ms": " (ms)", "seconds": " (seconds)", "bytes": " (bytes)", "hz": " (Hz)"}


def offered(add_on: AddOn) -> list[str]:
    """The settings that are options, those of the form first."""
    rest = [name for name in add_on.settings.model_fields if name not in add_on.shown]
    return [*add_on.shown, *(name for name in rest if name not in FIXED)]


def options(add_on: AddOn) -> dict[str, Any]:
    """What the form holds at first."""
    defaults = {name: add_on.settings.model_fields[name].default for name in add_on.shown}
    return {
        name: ",".join(value) if isinstance(value, tuple) else value
        for name, value in defaults.items()
    }


def schema(add_on: AddOn) -> dict[str, str]:
    """The type of each option, in the Supervisor's notation."""
    declared = add_on.settings.model_json_schema()["properties"]
    return {
        name: option_type(declared[name]) + ("" if options(add_on).get(name) else "?")
        for name in offered(add_on)
    }


def option_type(declared: dict[str, Any]) -> str:
    """The Supervisor's type for one property of a JSON schema."""
    kinds = declared.get("anyOf", [declared])
    kind = next(entry for entry in kinds if entry.get("type") != "null")
    if "enum" in kind:
        return f"list({'|'.join(kind['enum'])})"
    match kind["type"]:
        case "boolean":
            return "bool"
        case "integer":
            return f"int{_bounds(kind)}"
        case "number":
            return f"float{_bounds(kind)}"
        case _:
            return "password" if kind.get("format") == "password" else "str"


def _bounds(kind: dict[str, Any]) -> str:
    """The range; the Supervisor has no "above", so the program itself refuses that one value."""
    low = kind.get("minimum", kind.get("exclusiveMinimum"))
    high = kind.get("maximum", kind.get("exclusiveMaximum"))
    shown = ["" if bound is None else f"{bound:.10g}" for bound in (low, high)]
    return f"({shown[0]},{shown[1]})" if any(shown) else ""


def config(add_on: AddOn) -> str:
    """The whole config.yaml: its own lines, then the written ones."""
    own = (add_on.folder / "config.yaml").read_text(encoding="utf-8").split(MARKER)[0]
    return own + MARKER + _dump({"options": options(add_on), "schema": schema(add_on)})


def english(add_on: AddOn) -> str:
    """The whole translations/en.yaml."""
    fields = add_on.settings.model_fields
    texts = {
        name: {"name": option_name(name), "description": f"{fields[name].description}."}
        for name in offered(add_on)
    }
    network = {
        f"{add_on.port}/tcp": "Port for Wyoming clients outside Home Assistant's own network",
        f"{add_on.http_port}/tcp": "Port for HTTP clients outside Home Assistant's own network",
    }
    return MARKER + _dump({"configuration": texts, "network": network})


def option_name(name: str) -> str:
    """What a form calls a setting."""
    if name in NAMES:
        return NAMES[name]
    *words, last = name.split("_")
    text = " ".join(words) + UNITS[last] if last in UNITS else " ".join((*words, last))
    return text[0].upper() + text[1:]


def _dump(content: dict[str, Any]) -> str:
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=1000)


if __name__ == "__main__":
    for each in ADD_ONS:
        (each.folder / "config.yaml").write_text(config(each), encoding="utf-8")
        (each.folder / "translations" / "en.yaml").write_text(english(each), encoding="utf-8")
