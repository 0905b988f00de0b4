from argparse import ArgumentParser
from pathlib import Path

import pytest
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from wyoming_serving.setting_fields import allowed_values
from wyoming_serving.settings import Settings, SettingsError
from wyoming_serving.shown_settings import settings_table


class ExampleSettings(Settings):
    model_config = SettingsConfigDict(env_prefix="EXAMPLE_")
    depth: int = Field(3, ge=1, le=9, description="How deep")


def load(*words: str) -> ExampleSettings:
    parser = ArgumentParser()
    ExampleSettings.add_arguments(parser)
    return ExampleSettings.load(parser.parse_args(words))


def test_command_line_over_environment_over_file_over_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings.yaml"
    assert load().depth == 3
    file.write_text("depth: 4\n")
    assert load("--config", str(file)).depth == 4
    monkeypatch.setenv("EXAMPLE_DEPTH", "5")
    assert load("--config", str(file)).depth == 5
    assert load("--config", str(file), "--depth", "6").depth == 6


def test_no_place_overrides_what_another_sets_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("threads: 2\n")
    monkeypatch.setenv("EXAMPLE_DEPTH", "5")
    settings = load("--config", str(file), "--offline")
    assert (settings.threads, settings.depth, settings.offline) == (2, 5, True)
    assert type(settings) is ExampleSettings


@pytest.mark.parametrize(
    ("words", "depth", "threads"),
    [
        (["--depth", "4", "dig", "here"], 4, 0),
        (["dig", "--depth", "5", "here"], 5, 0),
        (["--depth", "4", "--threads", "2", "dig", "here", "--depth", "5"], 5, 2),
    ],
)
def test_settings_may_stand_before_and_behind_a_command(
    words: list[str], depth: int, threads: int
) -> None:
    parser = ArgumentParser()
    ExampleSettings.add_arguments(parser)
    dig = parser.add_subparsers().add_parser("dig")
    dig.add_argument("place")
    ExampleSettings.add_arguments(dig, listed=False)
    settings = ExampleSettings.load(parser.parse_args(words))
    assert (settings.depth, settings.threads) == (depth, threads)
    assert "--depth" in parser.format_help()
    assert "--depth" not in dig.format_help()


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("EXAMPLE_DEPHT", "did you mean EXAMPLE_DEPTH?"),
        ("EXAMPLE_HTPP_PORT", "did you mean EXAMPLE_HTTP_PORT?"),
        ("EXAMPLE_XYZZY", "see --help"),
    ],
)
def test_a_variable_that_is_no_setting_is_named_with_the_nearest(variable: str, hint: str) -> None:
    [line] = ExampleSettings.unknown_variables({variable: "1", "EXAMPLE_DEPTH": "1"})
    assert line == f"{variable}: there is no such setting; {hint}"


def test_variables_of_others_are_not_taken_for_settings() -> None:
    others = [
        "PATH", "DEPTH", "EXAMPLE_CONFIG", "example_depth",
        "EXAMPLE_SERVICE_HOST", "EXAMPLE_SERVICE_PORT", "EXAMPLE_SERVICE_PORT_WYOMING",
        "EXAMPLE_PORT", "EXAMPLE_PORT_10300_TCP", "EXAMPLE_PORT_10300_TCP_ADDR",
    ]  # fmt: skip
    assert ExampleSettings.unknown_variables(dict.fromkeys(others, "1")) == []


def test_file_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "settings.yaml").write_text("depth: 7\nzeroconf: false\n")
    monkeypatch.setenv("EXAMPLE_CONFIG", str(tmp_path / "settings.yaml"))
    settings = load()
    assert settings.depth == 7
    assert settings.zeroconf is False


def test_switches_have_two_flags() -> None:
    assert load("--no-zeroconf").zeroconf is False
    assert load("--zeroconf").zeroconf is True


def test_an_empty_environment_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAMPLE_DEPTH", "")
    assert load().depth == 3


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["--depth", "12"], ["--depth", "EXAMPLE_DEPTH", "'12'", "from 1 to 9"]),
        (["--depth", "deep"], ["--depth", "'deep'", "a whole number"]),
        (["--device", "gpu"], ["--device", "'gpu'", "auto, cpu, cuda"]),
        (["--precision", "int4"], ["--precision", "'int4'", "float16, int8"]),
        (["--uri", "http://x"], ["--uri", "'http://x'", "tcp://HOST:PORT"]),
    ],
)
def test_a_wrong_value_is_one_line_with_name_value_and_what_is_allowed(
    words: list[str], parts: list[str]
) -> None:
    with pytest.raises(SettingsError) as error:
        load(*words)
    assert "\n" not in str(error.value)
    for part in parts:
        assert part in str(error.value)


def test_networks_are_given_with_commas_and_checked() -> None:
    networks = load("--allowed-networks", "192.168.1.0/24, fd00::/8").allowed_networks
    assert networks == ("192.168.1.0/24", "fd00::/8")
    with pytest.raises(SettingsError, match=r"'10\.0\.0\.0/8,home' is not allowed; .*192\.168"):
        load("--allowed-networks", "10.0.0.0/8,home")


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("depht: 4\n", "depht: there is no such setting"),
        ("- 1\n", "setting: value"),
        ("a: [\n", "is not YAML"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, content: str, part: str) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(content)
    with pytest.raises(SettingsError, match=part):
        load("--config", str(file))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.yaml: cannot be read"):
        load("--config", str(tmp_path / "nowhere.yaml"))


def test_every_setting_says_what_it_means_and_what_is_allowed() -> None:
    for name, field in ExampleSettings.model_fields.items():
        assert field.description, name
        assert allowed_values(field), name
    assert "| `EXAMPLE_DEPTH` | `--depth` | `3` |" in settings_table(ExampleSettings)
