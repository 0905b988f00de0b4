"""Names by their sound, and the scores of paths."""

from itertools import product

import numpy as np
import pytest

from wyoming_funasr.home.carriers import Carrier
from wyoming_funasr.home.names import Names, path_score, path_scores
from wyoming_funasr.home.vocabulary import Vocabulary
from wyoming_funasr.recognition.ctc import LogProbs

NAMES = ("书架灯", "主卧灯", "阳光房", "Reading Lamp", "Coffee Maker")
PIECES = ("<blank>", *"把打开数价灯素驾主我洋关方防", "▁turn", "▁on", "▁red", "ding", "▁cough", "y",
          "▁make", "r", "▁lamb", "▁the", "off", "e")  # fmt: skip
BLANK = 0


def _log_probs(*pieces: str, sure: float = 0.4) -> LogProbs:
    """Each piece in a frame of its own, with a blank behind it."""
    rows = []
    for piece in pieces:
        row = np.full(len(PIECES), (1 - sure) / (len(PIECES) - 1))
        row[PIECES.index(piece)] = sure
        silent = np.full(len(PIECES), 1e-6)
        silent[BLANK] = 1.0
        rows += [row, silent]
    log_probs: LogProbs = np.log(np.array(rows)).astype(np.float32)
    return log_probs


@pytest.mark.parametrize(
    ("language", "heard", "name", "apart"),
    [
        ("zh", ("打", "开", "数", "价", "灯"), "书架灯", 0.01),  # the same but for the tones
        ("zh", ("打", "开", "素", "驾", "灯"), "书架灯", 0.2),  # s for sh
        ("zh", ("打", "开", "主", "我", "灯"), "主卧灯", 0.01),
        ("zh", ("洋", "关", "方"), "阳光房", 0.2),  # an for ang
        ("en", ("▁turn", "▁on", "▁red", "ding", "▁lamb"), "Reading Lamp", 1.5),
        ("en", ("▁cough", "y", "▁make", "r"), "Coffee Maker", 1.5),
        # its first sound not heard, and glued to the article
        ("en", ("▁turn", "▁on", "▁the", "off", "e", "▁make", "r"), "Coffee Maker", 1.3),
    ],
)
def test_a_name_is_found_by_its_sound(
    language: str, heard: tuple[str, ...], name: str, apart: float
) -> None:
    log_probs = _log_probs(*heard)
    tokens = [PIECES.index(piece) for piece in heard]
    carrier = Carrier(log_probs, tokens, PIECES, BLANK)
    names = Names(NAMES, language, Vocabulary(PIECES))
    nearest = min(names.replacements(carrier, {}), key=lambda one: one.apart)
    assert (nearest.name, nearest.apart <= apart) == (name, True), nearest


def test_what_was_surely_heard_is_no_other_name() -> None:
    log_probs = _log_probs("打", "开", "主", "驾", "灯", sure=0.999)
    tokens = [PIECES.index(piece) for piece in ("打", "开", "主", "驾", "灯")]
    carrier = Carrier(log_probs, tokens, PIECES, BLANK)
    names = Names(NAMES, "zh", Vocabulary(PIECES))
    assert names.replacements(carrier, {}) == []


@pytest.mark.parametrize("text", [(), (1,), (1, 1), (1, 2), (2, 1, 2)])
def test_the_best_path_is_the_best_of_all(text: tuple[int, ...]) -> None:
    log_probs = np.log(np.random.default_rng(3).dirichlet(np.ones(3), 5)).astype(np.float32)
    paths = [
        sum(log_probs[frame, token] for frame, token in enumerate(path))
        for path in product(range(3), repeat=5)
        if _collapsed(path) == text
    ]
    assert path_score(log_probs, text, blank=0) == pytest.approx(max(paths), abs=1e-4)


def test_many_paths_at_once_are_as_one_by_one() -> None:
    log_probs = np.log(np.random.default_rng(4).dirichlet(np.ones(4), 6)).astype(np.float32)
    texts = [(1, 2, 3), (), (3,), (1, 1, 1, 1), (2, 2)]
    assert path_scores(log_probs, texts, 0) == [path_score(log_probs, one, 0) for one in texts]
    assert path_score(log_probs, (1, 1, 1, 1), 0) == -np.inf  # seven frames it would take
    assert path_scores(log_probs[:0], texts[:1], 0) == [-np.inf]


def _collapsed(path: tuple[int, ...]) -> tuple[int, ...]:
    kept = [one for i, one in enumerate(path) if not i or one != path[i - 1]]
    return tuple(one for one in kept if one != 0)
