"""How much the sound of an utterance bears out a command that was not quite heard."""

import numpy as np
import pytest

from tests.wyoming_funasr.home.test_language_model import PIECES
from wyoming_funasr.home.commands import Command
from wyoming_funasr.home.evidence import Emissions, is_borne_out, size
from wyoming_funasr.home.vocabulary import Vocabulary


@pytest.mark.parametrize(
    ("apart", "unlikelier", "expected"),
    [
        (0.0, 0.0, True),  # what was heard
        (0.4, 60.0, True),  # a homophone, spelled in another way
        (2.0, 8.0, True),  # another sound, but the model was unsure
        (2.0, 20.0, False),  # another sound, and the model was sure
        (3.5, 8.0, False),  # unsure, but farther than that
        (7.0, 0.0, False),  # a guess
    ],
)
def test_a_command_needs_evidence(apart: float, unlikelier: float, expected: bool) -> None:
    assert is_borne_out(apart, unlikelier, phones_about=4.0) is expected
    assert is_borne_out(apart, unlikelier, phones_about=4.0, strictness=0.0)


def test_evidence_is_counted_by_the_names() -> None:
    short = Command("HassTurnOn", (("name", "灯"),), ("灯",))
    long = Command("HassTurnOn", (("name", "客厅阅读灯"),), ("客厅阅读灯",))
    nothing = Command("HassTurnOn", (("area", "here"),), ("",))
    assert size(nothing, "zh") < size(short, "zh") < size(long, "zh") / 4


def test_case_and_punctuation_make_no_text_less_likely() -> None:
    pieces = [*PIECES, "<blank>"]
    shares = np.full((6, len(pieces)), 1e-6)
    for frame, piece in enumerate(("▁The", "<blank>", "▁lamp", "<blank>", "。", "<blank>")):
        shares[frame, pieces.index(piece)] = 1.0
    log_probs = np.log(shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
    texts = (("▁The", "▁lamp", "。"), ("▁the", "▁lamp"), ("▁the", "▁read"))
    tokens = [[pieces.index(piece) for piece in text] for text in texts]
    heard, lower, other = Emissions(log_probs, Vocabulary(pieces)).scores(tokens)
    assert heard == lower == pytest.approx(0.0, abs=0.01)
    assert other < -10
