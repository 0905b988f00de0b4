"""Upstream's recorded outputs (`tests/data/melotts/README.md`)."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.speech import DATA
from wyoming_melotts.frontends import Frontend, frontend_for
from wyoming_melotts.frontends.tokenizers import from_vocabulary

TOLERANCE = 1e-4

_UNCASED = {"do_lower_case": True}
_CASED = {"do_lower_case": False}
# Recording: front-end, vocabulary, tokenizer configuration.
_TOKENIZERS: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "ZH_MIX_EN": ("ZH", "bert-base-multilingual-uncased", _UNCASED),
    "EN": ("EN", "bert-base-uncased", _UNCASED),
    "JP": ("JP", "bert-base-japanese-v3", {"word_tokenizer_type": "mecab"}),
    "KR": ("KR", "substitute-kr", _CASED),
    "ES": ("ES", "beto-uncased", _UNCASED | {"strip_accents": False}),
    "ES.strip_accents": ("ES", "beto-uncased", _UNCASED | {"strip_accents": True}),
    "FR": ("FR", "substitute-fr", _CASED),
}


def golden(*parts: str) -> Path:
    """A recorded file."""
    return DATA.joinpath("melotts", *parts)


def read_json(*parts: str) -> Any:
    """A recorded JSON file."""
    return json.loads(golden(*parts).read_text(encoding="utf-8"))


def read_rows(*parts: str) -> list[dict[str, Any]]:
    """A recorded file of one JSON object a line."""
    return [json.loads(line) for line in golden(*parts).read_text(encoding="utf-8").splitlines()]


def read_arrays(*parts: str) -> dict[str, np.ndarray]:
    """A recorded archive of arrays."""
    with np.load(golden(*parts)) as archive:
        return dict(archive)


@cache
def recorded_frontend(recording: str) -> Frontend:
    """Our front-end with the tokenizer that a recording was made with."""
    key, vocabulary, config = _TOKENIZERS[recording]
    return frontend_for(key, from_vocabulary(golden("vocab", f"{vocabulary}.txt"), config))


def assert_close(ours: Any, recorded: np.ndarray, what: str) -> None:
    """Equal in shape, and within 1e-4 everywhere."""
    ours = np.asarray(ours)
    assert ours.shape == recorded.shape, what
    worst = np.abs(ours - recorded).max(initial=0)
    assert worst <= TOLERANCE, f"{what}: off by {worst}"
