"""Upstream's recorded outputs and the tokenizers that they were recorded with."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from wyoming_melotts.frontends import Frontend, frontend_for
from wyoming_melotts.frontends.tokenizers import from_vocabulary

GOLDEN = Path(__file__).parents[4] / "shared" / "melotts-golden"

_UNCASED = {"do_lower_case": True}
_CASED = {"do_lower_case": False}
# Golden file: front-end, vocabulary, tokenizer configuration.
_RECORDINGS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "ZH_MIX_EN": ("ZH", "bert-base-multilingual-uncased", _UNCASED),
    "EN": ("EN", "bert-base-uncased", _UNCASED),
    "JP": ("JP", "bert-base-japanese-v3", {"word_tokenizer_type": "mecab"}),
    "KR": ("KR", "substitute-kr", _CASED),
    "ES": ("ES", "beto-uncased", _UNCASED | {"strip_accents": False}),
    "ES.strip_accents": ("ES", "beto-uncased", _UNCASED | {"strip_accents": True}),
    "FR": ("FR", "substitute-fr", _CASED),
}


@pytest.fixture(scope="session")
def golden_rows() -> Callable[[str], list[dict[str, Any]]]:
    """Rows of a golden file by its name without suffix."""

    def rows(name: str) -> list[dict[str, Any]]:
        path = GOLDEN / f"{name}.jsonl"
        if not path.is_file():
            pytest.skip(f"upstream's recorded outputs are not here: {path}")
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    return rows


@pytest.fixture(scope="session")
def recorded_frontend() -> Callable[[str], Frontend]:
    """Our front-end with the tokenizer that a golden file was recorded with."""

    @cache
    def frontend(name: str) -> Frontend:
        key, vocabulary, config = _RECORDINGS[name]
        path = GOLDEN / "vocab" / f"{vocabulary}.txt"
        if not path.is_file():
            pytest.skip(f"the vocabulary is not here: {path}")
        return frontend_for(key, from_vocabulary(path, config))

    return frontend
