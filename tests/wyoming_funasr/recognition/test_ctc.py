import gc
import itertools

import numpy as np
import pytest

from wyoming_funasr.recognition.beam import Hotwords, search
from wyoming_funasr.recognition.ctc import (
    AlignedToken,
    ContextGraph,
    Spelling,
    align,
    confidence,
    greedy,
    spell,
)
from wyoming_funasr.recognition.hotwords import Hotword

BLANK = 0
PIECES = ["<blank>", "▁turn", "▁on", "▁the", "▁za", "ra", "▁sara", "ya", "客", "厅", "可", "▁room"]
ID = {piece: token for token, piece in enumerate(PIECES)}


def posteriors(*frames: dict[str, float]) -> np.ndarray:
    """Log posteriors of frames; what a frame does not name shares the rest evenly."""
    rows = []
    for frame in frames:
        rest = (1 - sum(frame.values())) / (len(PIECES) - len(frame))
        rows.append([frame.get(piece, rest) for piece in PIECES])
    return np.log(np.array(rows, np.float32))


def text(tokens: list[AlignedToken]) -> str:
    return "".join(PIECES[one.token] for one in tokens)


def test_greedy_merges_repeats_and_drops_blanks() -> None:
    found = greedy(
        posteriors({"▁turn": 0.8}, {"▁turn": 0.9}, {"<blank>": 0.9}, {"▁on": 0.7}, {"▁on": 0.6}),
        BLANK,
    )
    assert [(PIECES[t.token], t.start, t.end) for t in found] == [("▁turn", 0, 2), ("▁on", 3, 5)]
    assert [t.posterior for t in found] == pytest.approx([0.9, 0.7], rel=1e-5)


def test_a_blank_between_makes_a_repeat_two_tokens() -> None:
    found = greedy(posteriors({"客": 0.9}, {"<blank>": 0.9}, {"客": 0.9}), BLANK)
    assert text(found) == "客客"


def test_confidence_is_the_geometric_mean_of_the_tokens() -> None:
    found = greedy(posteriors({"▁turn": 0.9}, {"▁on": 0.4}), BLANK)
    assert confidence(found) == pytest.approx((0.9 * 0.4) ** 0.5, rel=1e-5)
    assert confidence([]) == 0.0


def test_no_frames_give_no_tokens() -> None:
    assert greedy(np.zeros((0, len(PIECES)), np.float32), BLANK) == []


def brute_force(log_probs: np.ndarray) -> tuple[int, ...]:
    """The most probable token sequence, by adding up every path."""
    totals: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(log_probs.shape[1]), repeat=len(log_probs)):
        merged = tuple(token for token, _ in itertools.groupby(path) if token != BLANK)
        total = float(sum(log_probs[i, token] for i, token in enumerate(path)))
        totals[merged] = float(np.logaddexp(totals.get(merged, -np.inf), total))
    return max(totals, key=lambda tokens: totals[tokens])


@pytest.mark.parametrize("seed", range(8))
def test_search_without_hotwords_finds_the_most_probable_sequence(seed: int) -> None:
    logits = np.random.default_rng(seed).normal(0, 2, (4, 5)).astype(np.float32)
    log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    found = leaning(log_probs, ContextGraph([], Spelling(PIECES[:5])))
    assert tuple(one.token for one in found) == brute_force(log_probs)


def test_alignment_gives_each_token_its_frames() -> None:
    log_probs = posteriors(
        {"<blank>": 0.9}, {"客": 0.9}, {"客": 0.8}, {"<blank>": 0.9}, {"厅": 0.7}
    )
    found = align(log_probs, [ID["客"], ID["厅"]], BLANK)
    assert [(one.start, one.end) for one in found] == [(1, 3), (4, 5)]


def test_alignment_of_more_tokens_than_frames_is_empty() -> None:
    assert align(posteriors({"客": 0.9}), [ID["客"], ID["厅"]], BLANK) == []


def leaning(log_probs: np.ndarray, graph: ContextGraph) -> list[AlignedToken]:
    """The best text that a search finds with hotwords."""
    return align(log_probs, search(log_probs, BLANK, Hotwords(graph))[0].tokens, BLANK)


NEARLY = posteriors({"▁the": 0.9}, {"▁sara": 0.5, "▁za": 0.3}, {"ra": 0.45, "<blank>": 0.5})


def test_a_hotword_wins_where_it_sounds_nearly_right() -> None:
    assert text(greedy(NEARLY, BLANK)) == "▁the▁sara"
    biased = leaning(NEARLY, ContextGraph([Hotword("Zara", 3.0)], Spelling(PIECES)))
    assert text(biased) == "▁the▁zara"


def test_a_hotword_that_was_not_said_changes_nothing() -> None:
    said = posteriors({"▁turn": 0.9}, {"▁on": 0.9}, {"▁the": 0.9})
    graph = ContextGraph([Hotword("Zara", 3.0), Hotword("客厅", 3.0)], Spelling(PIECES))
    assert text(leaning(said, graph)) == "▁turn▁on▁the"


def test_an_unfinished_hotword_earns_nothing() -> None:
    graph = ContextGraph([Hotword("zaraya", 3.0)], Spelling(PIECES))
    node, gained = graph.advance(graph.root, ID["▁za"])
    assert gained > 0
    node, lost = graph.advance(node, ID["▁turn"])
    assert gained + lost == pytest.approx(0)
    node, gained = graph.advance(graph.root, ID["▁za"])
    assert gained + graph.leave(node) == pytest.approx(0)


def test_a_finished_hotword_keeps_what_it_earned_though_a_longer_one_breaks_off() -> None:
    graph = ContextGraph([Hotword("zara", 3.0), Hotword("zaraya room", 3.0)], Spelling(PIECES))
    node, first = graph.advance(graph.root, ID["▁za"])
    node, second = graph.advance(node, ID["ra"])
    node, third = graph.advance(node, ID["ya"])
    _, broken = graph.advance(node, ID["▁turn"])
    assert third > 0
    assert third + broken == pytest.approx(0)
    assert first + second > 0


def test_hotwords_are_spelled_as_vocabularies_spell_them() -> None:
    assert spell("Living Room") == "▁living▁room"
    assert spell("客厅") == "客厅"
    assert spell("Zara 客厅") == "▁zara客厅"


def test_chinese_hotwords_are_found_by_character() -> None:
    said = posteriors({"可": 0.55, "客": 0.3}, {"厅": 0.9})
    assert text(greedy(said, BLANK)) == "可厅"
    assert text(leaning(said, ContextGraph([Hotword("客厅", 3.0)], Spelling(PIECES)))) == "客厅"


def test_a_search_leaves_nothing_to_the_garbage_collector() -> None:
    """What it left would be collected in the event loop's thread, and hold it."""
    graph = ContextGraph([Hotword("Zara", 3.0)], Spelling(PIECES))
    leaning(NEARLY, graph)
    gc.collect()
    gc.disable()
    try:
        leaning(NEARLY, graph)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_graphs_of_hotwords_share_the_vocabulary() -> None:
    spelling = Spelling([f"piece{number}" for number in range(1000)])
    before = len(gc.get_objects())
    graph = ContextGraph([Hotword("Zara", 3.0)], spelling)
    assert graph.openings(graph.root).size == 0
    assert len(gc.get_objects()) - before < 100
