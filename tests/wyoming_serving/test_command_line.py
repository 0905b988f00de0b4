"""What the command lines of the services have in common."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable

import pytest
from pydantic_settings import SettingsConfigDict

from wyoming_serving.command_line import run_command
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.settings import Settings


class ExampleSettings(Settings):
    model_config = SettingsConfigDict(env_prefix="EXAMPLE_")


def run(command: Callable[[Settings, Namespace], int], *words: str) -> int:
    parser = ArgumentParser(prog="example")
    ExampleSettings.add_arguments(parser)
    parser.set_defaults(run=command)
    return run_command(parser, ExampleSettings, "funasr", words)


def nothing(settings: Settings, _: Namespace) -> int:
    assert settings.threads == 3
    return 5


def test_the_status_is_the_commands() -> None:
    assert run(nothing, "--threads", "3") == 5


def test_a_wrong_setting_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(nothing, "--threads", "-1") == 2
    assert capsys.readouterr().err == (
        "example: --threads / EXAMPLE_THREADS: '-1' is not allowed; "
        "allowed: a whole number from 0 to 256\n"
    )


def test_a_failure_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(settings: Settings, _: Namespace) -> int:
        raise ServiceError(ErrorCode.MODEL_MISSING, "no model here")

    assert run(fail) == 1
    assert capsys.readouterr().err == "example: no model here\n"


def test_a_package_that_is_not_installed_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def import_it(settings: Settings, _: Namespace) -> int:
        raise ModuleNotFoundError("No module named 'soundfile'", name="soundfile")

    assert run(import_it) == 1
    assert capsys.readouterr().err == (
        "example: the Python package soundfile is not installed; "
        "run: pip install 'wyoming-funasr-melotts[funasr]'\n"
    )


def test_a_misspelled_variable_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EXAMPLE_THRAEDS", "2")
    assert run(nothing, "--threads", "3") == 5
    assert "EXAMPLE_THRAEDS: there is no such setting; did you mean EXAMPLE_THREADS?" in (
        capsys.readouterr().err
    )
