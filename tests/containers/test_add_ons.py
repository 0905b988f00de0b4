"""The add-ons' files say what the settings say, and what the Supervisor takes.

Its rules are in `supervisor/apps/validate.py` and `options.py` of home-assistant/supervisor.
"""

import json
import os
import re
import struct
import tomllib
from argparse import ArgumentParser
from pathlib import Path, PurePath
from typing import Any

import pytest
import yaml

from addon.write_options import ADD_ONS, FIXED, AddOn, config, english, offered
from wyoming_serving.http.access import Access
from wyoming_serving.settings import Settings, SettingsError

ROOT = Path(__file__).parents[2]
S6 = Path("rootfs/etc/s6-overlay/s6-rc.d")

LISTS = ("allowed_networks", "http_origins", "languages", "ignored_events")
"""Settings of certain words alone, which are any text for the Supervisor."""

each_add_on = pytest.mark.parametrize("add_on", ADD_ONS, ids=lambda add_on: add_on.folder.name)


def read(file: Path) -> dict[str, Any]:
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def environment(add_on: AddOn) -> dict[str, str]:
    """What the Dockerfile sets."""
    text = (add_on.folder / "Dockerfile").read_text(encoding="utf-8")
    prefix = add_on.settings.model_config["env_prefix"]
    return dict(re.findall(rf"({prefix}\w+)=(\S+)", text))


def load(
    add_on: AddOn, options: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """The settings as the program in the container reads them."""
    file = folder / "options.json"
    file.write_text(json.dumps(options), encoding="utf-8")
    prefix = add_on.settings.model_config["env_prefix"]
    for name in [name for name in os.environ if name.startswith(prefix)]:
        monkeypatch.delenv(name)
    for name, value in environment(add_on).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(f"{prefix}CONFIG", str(file))
    parser = ArgumentParser()
    add_on.settings.add_arguments(parser)
    return add_on.settings.load(parser.parse_args([]))


@each_add_on
def test_options_schema_and_english_come_from_the_settings(add_on: AddOn) -> None:
    own = (add_on.folder / "config.yaml").read_text(encoding="utf-8")
    assert own == config(add_on), "run `make docs`"
    texts = (add_on.folder / "translations/en.yaml").read_text(encoding="utf-8")
    assert texts == english(add_on), "run `make docs`"


@each_add_on
def test_every_option_is_explained_in_chinese(add_on: AddOn) -> None:
    chinese = read(add_on.folder / "translations/zh-Hans.yaml")
    texts = chinese["configuration"]
    assert set(texts) == set(offered(add_on)), "translations/zh-Hans.yaml is written by hand"
    for name, text in texts.items():
        assert set(text) == {"name", "description"}
        assert re.search(r"[\u4e00-\u9fff]", text["description"]), name
    assert chinese["network"].keys() == read(add_on.folder / "config.yaml")["ports"].keys()


@each_add_on
def test_the_options_of_the_form_are_taken(
    add_on: AddOn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = read(add_on.folder / "config.yaml")["options"]
    settings = load(add_on, options, tmp_path, monkeypatch)
    taken = {name: getattr(settings, name) for name in add_on.shown}
    listed = {name: ",".join(one) for name, one in taken.items() if isinstance(one, tuple)}
    assert taken | listed == options
    assert settings.uri == f"tcp://0.0.0.0:{add_on.port}"
    assert settings.cache_dir == Path("/data/models")
    assert (settings.zeroconf, settings.device) == (False, "cpu")


@each_add_on
def test_every_option_can_be_set_to_the_ends_of_its_range(
    add_on: AddOn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, kind in read(add_on.folder / "config.yaml")["schema"].items():
        for value in sample_values(kind):
            try:
                load(add_on, {name: value}, tmp_path, monkeypatch)
            except SettingsError as error:
                # the Supervisor's ranges hold their ends, which a setting may exclude;
                # a setting may need another one, which this says nothing of
                if "is not allowed" in str(error) and name not in LISTS:
                    assert "above" in str(error) and str(value) == "0.0", error


def sample_values(kind: str) -> list[object]:
    """Values that the Supervisor would let through."""
    kind = kind.removesuffix("?")
    if kind.startswith("list("):
        return list(kind[5:-1].split("|"))
    if kind == "bool":
        return [True, False]
    if kind in ("str", "password"):
        return ["word"]
    match = re.fullmatch(r"(int|float)\((.*),(.*)\)", kind)
    assert match, kind
    return [int(end) if match[1] == "int" else float(end) for end in match.groups()[1:] if end]


@each_add_on
def test_what_the_container_decides_is_no_option(add_on: AddOn) -> None:
    fixed = {name for name in FIXED if name in add_on.settings.model_fields}
    assert not fixed & set(offered(add_on))
    prefix = add_on.settings.model_config["env_prefix"].lower()
    decided = {name.lower().removeprefix(prefix) for name in environment(add_on)} - {"config"}
    assert decided <= fixed
    by_others = {"zeroconf_name", "zeroconf_interfaces"}  # mean nothing without zeroconf
    by_others |= {name for name in fixed if name.startswith("home_assistant_")}  # the Supervisor
    by_others |= {name for name in fixed if name == "engine" or name.startswith("ray_")}  # no Ray
    by_others.add("otlp_endpoint")  # no OpenTelemetry
    assert fixed - decided <= by_others


@each_add_on
def test_the_supervisor_takes_the_configuration(add_on: AddOn) -> None:
    content = read(add_on.folder / "config.yaml")
    name = add_on.folder.name
    assert content["slug"] == name
    assert content["name"] and content["description"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert content["version"] == project["version"]
    assert f"## {content['version']}\n" in (add_on.folder / "CHANGELOG.md").read_text("utf-8")
    assert content["arch"] == ["amd64", "aarch64"]
    assert content["image"].endswith(f"/{{arch}}-addon-{name}")
    assert content["url"].startswith(read(ROOT / "repository.yaml")["url"])
    assert content["discovery"] == ["wyoming"]
    assert content["init"] is False
    assert content.get("homeassistant_api", False) is (name == "funasr")
    assert content["ports"] == {f"{add_on.port}/tcp": None, f"{add_on.http_port}/tcp": None}
    assert content["watchdog"] == f"tcp://[HOST]:[PORT:{add_on.port}]"
    assert 10 <= content["timeout"] <= 300
    assert content["timeout"] > add_on.settings.model_fields["drain_seconds"].default
    assert content["map"] == ["app_config:ro"]
    assert content["ingress"] is True and content["ingress_stream"] is True
    assert content["ingress_port"] == add_on.http_port
    assert content["panel_icon"].startswith("mdi:") and content["panel_title"]
    words = r"bool|str|password|list\([^()]+\)"
    elements = rf"{words}|int\(-?\d*,-?\d*\)|float\(-?\d*\.?\d*,-?\d*\.?\d*\)"
    for option, kind in content["schema"].items():
        assert re.fullmatch(rf"({elements})\??", kind), option
    assert {o for o, kind in content["schema"].items() if not kind.endswith("?")} <= set(
        content["options"]
    )


@each_add_on
def test_the_page_is_shown_to_the_supervisor_alone(
    add_on: AddOn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load(add_on, {}, tmp_path, monkeypatch)
    assert (settings.http_host, settings.http_port) == ("0.0.0.0", add_on.http_port)
    access = Access.from_settings(settings)
    assert str(access.proxy) == "172.30.32.2"
    assert access.is_closed, "others need a token file, or http_open"


@each_add_on
def test_models_stay_out_of_backups_and_options_do_not(add_on: AddOn) -> None:
    excluded = read(add_on.folder / "config.yaml")["backup_exclude"]
    data = PurePath(f"/data/addons/data/12ab34cd_{add_on.folder.name}")

    def left_out(path: str) -> bool:
        return any((data / path).match(pattern) for pattern in excluded)

    assert left_out("models") and left_out("models/iic--SenseVoiceSmall")
    assert not left_out("options.json")


@each_add_on
def test_the_s6_services_are_whole(add_on: AddOn) -> None:
    name = add_on.folder.name
    services = add_on.folder / S6
    assert {path.name for path in services.iterdir()} == {name, "discovery", "user"}
    assert (services / name / "type").read_text().strip() == "longrun"
    assert (services / "discovery/type").read_text().strip() == "oneshot"
    up = Path((services / "discovery/up").read_text().strip())
    assert (add_on.folder / "rootfs" / up.relative_to("/")).is_file()
    for script in (f"{name}/run", f"{name}/finish", "discovery/run"):
        assert os.access(services / script, os.X_OK), script
        assert (services / script).read_text().startswith("#!/command/with-contenv bash\n")
    assert [path.name for path in (services / name / "dependencies.d").iterdir()] == ["base"]
    assert [path.name for path in (services / "discovery/dependencies.d").iterdir()] == [name]
    enabled = {path.name for path in (services / "user/contents.d").iterdir()}
    assert enabled == {name, "discovery"}


@each_add_on
def test_the_apparmor_profile_is_named_as_the_supervisor_looks_for_it(add_on: AddOn) -> None:
    text = (add_on.folder / "apparmor.txt").read_text(encoding="utf-8")
    assert re.findall(r"^profile ([^ ]+).*$", text, re.M) == [add_on.folder.name]
    assert text.count("{") == text.count("}")


@each_add_on
def test_texts_and_pictures_are_there(add_on: AddOn) -> None:
    for name in ("DOCS.md", "README.md", "CHANGELOG.md"):
        assert (add_on.folder / name).read_text(encoding="utf-8").startswith("# ")
    assert png_size(add_on.folder / "icon.png") == (128, 128)
    assert png_size(add_on.folder / "logo.png") == (250, 100)


def png_size(file: Path) -> tuple[int, int]:
    """Width and height, from the header."""
    head = file.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", head[16:24])


def test_the_repository_has_a_name() -> None:
    assert read(ROOT / "repository.yaml").keys() == {"name", "url", "maintainer"}


def test_other_files_that_the_supervisor_takes_for_add_ons_do_not_upset_it() -> None:
    """It reads every config.* below the root, and skips those that lack an add-on's keys."""
    for folder in ("addon", "benchmarks", "demo", "docker", "docs", "training", "wyoming_funasr",
                   "wyoming_melotts", "wyoming_serving"):  # fmt: skip
        for file in (ROOT / folder).rglob("config.*"):
            if file.suffix in (".yaml", ".yml", ".json"):
                ours = "slug" in read(file)
                assert ours == (file.parent.parent == ROOT / "addon"), file
