"""The compose file keeps what its documentation promises."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from wyoming_funasr.settings import FunasrSettings
from wyoming_melotts.settings import MelottsSettings

ROOT = Path(__file__).parents[2]

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
BRIDGE = yaml.safe_load((ROOT / "docker/bridge.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]

each_service = pytest.mark.parametrize("name", SERVICES)


def test_both_services_come_for_card_and_processor() -> None:
    assert set(SERVICES) == {"funasr", "melotts", "funasr-cpu", "melotts-cpu"}
    for name, service in SERVICES.items():
        assert service.get("profiles") == (["cpu"] if name.endswith("-cpu") else None)
        assert service["command"] == f"wyoming-{name.removesuffix('-cpu')}"


@each_service
def test_a_service_has_no_rights_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] == "1000:1000"
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "devices", "pid", "ipc"} & service.keys()


@each_service
def test_a_service_comes_back_and_is_watched(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    settings = FunasrSettings if "funasr" in name else MelottsSettings
    prefix = settings.model_config["env_prefix"]
    uri = settings.model_fields["uri"].default
    command = f'python -m wyoming_serving.health "$${{{prefix}URI:-{uri}}}"'
    assert service["healthcheck"]["test"] == command


@each_service
def test_models_are_in_a_named_volume(name: str) -> None:
    assert SERVICES[name]["volumes"] == ["models:/models"]
    assert COMPOSE["volumes"] == {"models": None}
    dockerfile = (ROOT / "docker/Dockerfile").read_text(encoding="utf-8")
    assert "FUNASR_CACHE_DIR=/models" in dockerfile and "MELOTTS_CACHE_DIR=/models" in dockerfile
    assert "USER 1000:1000" in dockerfile


def test_a_card_is_reserved_only_where_one_is_used() -> None:
    reserved = {"driver": "nvidia", "device_ids": ["${GPU:-0}"], "capabilities": ["gpu"]}
    for name, service in SERVICES.items():
        if name.endswith("-cpu"):
            assert "deploy" not in service
            assert service["image"].endswith("-cpu")
        else:
            assert service["deploy"]["resources"]["reservations"]["devices"] == [reserved]


@each_service
def test_torch_is_built_in_only_for_a_gpu(name: str) -> None:
    extras = SERVICES[name]["build"].get("args", {}).get("EXTRAS")
    assert extras == (None if name.endswith("-cpu") else "all,cuda")


def test_models_are_built_in_as_the_environment_says() -> None:
    dockerfile = (ROOT / "docker/Dockerfile").read_text(encoding="utf-8")
    for name in ("funasr-cpu", "melotts-cpu"):
        arguments = SERVICES[name]["build"]["args"]
        assert {name for name, value in arguments.items() if value} == {"RECOGNIZER", "VOICES"}
        assert {name for name, value in arguments.items() if value is None} == {
            "FUNASR_HUB", "MELOTTS_HUB", "HF_ENDPOINT",
        }  # fmt: skip
        assert all(re.search(rf"^ARG {name}\b", dockerfile, re.M) for name in arguments)


@each_service
def test_zeroconf_reaches_the_network_unless_the_bridge_is_wanted(name: str) -> None:
    assert SERVICES[name]["network_mode"] == "host"
    bridged = SERVICES[name] | BRIDGE["services"][name]
    assert bridged["network_mode"] == "bridge"
    settings = FunasrSettings if "funasr" in name else MelottsSettings
    port = settings.model_fields["uri"].default.rpartition(":")[2]
    assert bridged["ports"] == [f"{port}:{port}"]
    assert bridged["environment"] == {f"{settings.model_config['env_prefix']}ZEROCONF": "false"}


def test_the_example_environment_names_settings_that_exist() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    names = re.findall(r"^#?([A-Z_]+)=", text, re.M)
    interpolated = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text("utf-8")))
    known = {
        f"{settings.model_config['env_prefix']}{name.upper()}"
        for settings in (FunasrSettings, MelottsSettings)
        for name in settings.model_fields
    }
    assert set(names) <= known | interpolated | {"HF_ENDPOINT"}
    assert {"VERSION", "CUDA", "GPU", "TORCH_INDEX", "RECOGNIZER", "VOICES"} <= set(names)


def test_the_version_is_the_package_s() -> None:
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text("utf-8"), re.M)
    assert version is not None
    assert f"VERSION={version[1]}\n" in (ROOT / ".env.example").read_text("utf-8")
    for service in SERVICES.values():
        assert f"${{VERSION:-{version[1]}}}" in service["image"]
