"""What is not installed is one line that says how to install it."""

import tomllib
from pathlib import Path

import pytest

from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.extras import DISTRIBUTION, needs_extra

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))[
    "project"
]


def test_the_extra_that_installs_a_package_is_named() -> None:
    with pytest.raises(ServiceError) as caught, needs_extra("melotts-ja"):
        import no_such_package.inside  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    assert caught.value.code is ErrorCode.EXTRA_MISSING
    assert caught.value.text == (
        "the Python package no_such_package is not installed; "
        "run: pip install 'wyoming-funasr-melotts[melotts-ja]'"
    )


def test_a_module_of_ours_that_is_missing_is_a_defect() -> None:
    with pytest.raises(ModuleNotFoundError), needs_extra("funasr"):
        import wyoming_funasr.no_such_module  # type: ignore[import-not-found,unused-ignore]  # noqa: F401


def test_other_errors_pass() -> None:
    with pytest.raises(KeyError), needs_extra("funasr"):
        raise KeyError("x")


def test_the_names_are_those_of_the_distribution() -> None:
    assert PROJECT["name"] == DISTRIBUTION
    assert {"funasr", "melotts", "cuda"} <= set(PROJECT["optional-dependencies"])
