"""Which text a home makes of what a model is unsure of."""

from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.home import Spy, load_demo
from tests.support.speech import DATA
from tests.wyoming_funasr.home.test_language_model import PIECES
from wyoming_funasr.files import read_audio
from wyoming_funasr.home.description import Home, parse_home
from wyoming_funasr.home.knowledge import Knowledge
from wyoming_funasr.recognition.beam import Hotwords
from wyoming_funasr.recognition.ctc import ContextGraph, LogProbs, Spelling
from wyoming_funasr.recognition.home import Completeness, Tokens
from wyoming_funasr.recognition.hotwords import Hotword
from wyoming_funasr.recognition.recognizer import RecognitionRequest

BLANK = len(PIECES)
VOCABULARY = [*PIECES, "<blank>"]


def _write(tokens: Sequence[int]) -> str:
    return "".join(PIECES[token] for token in tokens).replace("▁", " ").strip()


@pytest.fixture(scope="module")
def knowledge(home: Home) -> Knowledge:
    return Knowledge(home, ["en", "zh"], Tokens(VOCABULARY, BLANK, 0.06, _write), samples=4_000)


def _heard(*moments: dict[str, float], frames: int = 2) -> LogProbs:
    """Posteriors: at each moment these pieces, then blanks; what is left goes to all pieces."""
    rows = []
    for moment in moments:
        row = np.full(len(VOCABULARY), 1e-6)
        for piece, share in moment.items():
            row[PIECES.index(piece)] = share
        rows.append(row)
        for _ in range(frames):
            silent = np.full(len(VOCABULARY), 1e-6)
            silent[BLANK] = 1.0
            rows.append(silent)
    shares = np.array(rows)
    log_probs: LogProbs = np.log(shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
    return log_probs


def _leaning_on(name: str) -> Hotwords:
    return Hotwords(ContextGraph([Hotword(name, 3.0)], Spelling(VOCABULARY)))


def _sure(text: str) -> list[dict[str, float]]:
    return [{character: 1.0} for character in text]


def test_what_is_sure_stays(knowledge: Knowledge) -> None:
    choice = knowledge.choose(_heard(*_sure("打开天窗")), "zh")
    assert choice is not None
    assert (choice.text, choice.ambiguous) == ("打开天窗", False)
    assert choice.command is not None


def test_text_outside_the_home_stays(knowledge: Knowledge) -> None:
    choice = knowledge.choose(_heard(*_sure("二的把是前")), "zh")
    assert choice is not None
    assert (choice.text, choice.command) == ("二的把是前", None)


def test_doubts_are_not_settled_where_the_text_is_not_this_homes_language(
    knowledge: Knowledge,
) -> None:
    pairs = zip("楼二窗门前二查", "的门把灯灯天把", strict=True)
    heard = _heard(*({likelier: 0.4, other: 0.2} for likelier, other in pairs))
    choice = knowledge.choose(heard, "zh")
    assert choice is not None
    assert (choice.text, choice.command) == ("楼二窗门前二查", None)
    named = knowledge.choose(heard, "zh", _leaning_on("楼门"))
    assert named is not None
    assert (named.text, named.command) == ("楼门窗门前二查", None)


def test_a_doubt_is_settled_by_the_home(knowledge: Knowledge) -> None:
    doubtful = [*_sure("打开天"), {"上": 0.6, "窗": 0.4}]
    choice = knowledge.choose(_heard(*doubtful), "zh")
    assert choice is not None
    assert choice.text == "打开天窗"


def test_a_name_that_cannot_be_written_is_known_by_its_sound(knowledge: Knowledge) -> None:
    heard = [*_sure("关"), {"上": 0.5, "开": 0.4}, *_sure("查室的灯")]
    choice = knowledge.choose(_heard(*heard), "zh")
    assert choice is not None
    assert "茶室" in choice.text
    assert choice.command is not None


def test_an_entity_is_named_as_home_assistant_knows_it(home: Home) -> None:
    pieces = [*PIECES[:-1], "客", "厅", "<blank>"]

    def write(tokens: Sequence[int]) -> str:
        return "".join(pieces[token] for token in tokens)

    tokens = Tokens(pieces, len(pieces) - 1, 0.06, write)
    rows = np.full((12, len(pieces)), 1e-6)
    for place, character in enumerate("打开客厅的灯"):
        rows[2 * place, pieces.index(character)] = 1.0
        rows[2 * place + 1, -1] = 1.0
    log_probs = np.log(rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)
    choice = Knowledge(home, ["zh"], tokens, samples=2_000).choose(log_probs, "zh")
    assert choice is not None
    assert choice.text == "打开客厅灯"


def test_no_device_is_put_where_the_sound_has_no_room_for_its_name() -> None:
    pieces = [*"打开客楼的灯阁廊盐", "<blank>"]
    lights = "".join(f"- {{name: {name}, domain: light}}\n" for name in ("廊灯", "盐灯"))
    home = parse_home("areas:\n- name: 阁楼\nentities:\n" + lights, "home.yaml")
    tokens = Tokens(pieces, len(pieces) - 1, 0.06, lambda ids: "".join(pieces[i] for i in ids))
    rows = np.full((12, len(pieces)), 1e-4)
    for place, heard in enumerate("打开客楼的灯"):
        rows[2 * place, pieces.index(heard)] = 0.6 if heard in "客的" else 1.0
        rows[2 * place + 1, -1] = 1.0
    rows[8, -1] = 0.3
    log_probs = np.log(rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)
    choice = Knowledge(home, ["zh"], tokens, samples=2_000).choose(log_probs, "zh")
    assert choice is not None
    assert (choice.text, choice.command is not None) == ("打开阁楼的灯", True)


def test_an_unsure_text_is_not_forced_into_a_command(knowledge: Knowledge) -> None:
    heard = [*_sure("打开"), {"锁": 0.4, "解": 0.3}, {"上": 0.4, "楼": 0.4}, *_sure("的灯")]
    choice = knowledge.choose(_heard(*heard), "zh")
    assert choice is not None
    assert "二楼" not in choice.text
    assert choice.command is None


@pytest.mark.parametrize(("front", "back"), [(0.55, 0.45), (0.45, 0.55)])
def test_between_opposites_the_acoustics_decide(
    knowledge: Knowledge, front: float, back: float
) -> None:
    heard = [*_sure("锁上"), {"前": front, "后": back}, *_sure("门")]
    choice = knowledge.choose(_heard(*heard), "zh")
    assert choice is not None
    expected, other = ("锁上前门", "锁上后门") if front > back else ("锁上后门", "锁上前门")
    assert choice.text == expected
    assert choice.ambiguous
    assert choice.alternatives == (other,)


def test_nothing_is_unlocked_that_was_to_be_locked() -> None:
    """Heard as "Lock the to shhead", of which the frames alone fit "unlock" a little better."""
    model, spy = load_demo(), Spy()
    segments = model.frontend.segments(read_audio(DATA / "tool_shed_lock_en.wav"))
    model.recognizer.recognize([RecognitionRequest(segments, "en", home=spy)])
    [(_, log_probs)] = spy.heard
    assert model.recognizer.tokens is not None
    home = parse_home("entities: [{name: Tool Shed, domain: lock}]", "home.yaml")
    choice = Knowledge(home, ["en"], model.recognizer.tokens).choose(log_probs, "en")
    assert choice is not None
    assert choice.text.lower() == "lock the tool shed"
    assert choice.intent == "HassTurnOn"


@pytest.mark.parametrize("share", [0.9, 0.55, 0.45, 0.1])
@pytest.mark.parametrize(
    ("one", "other", "name", "does", "undoes"),
    [
        ("锁上", "解锁", "后门", "锁上后门", "解锁后门"),
        ("打开", "关上", "天窗", "打开天窗", "关闭天窗"),
    ],
)
def test_what_is_done_is_never_turned_into_its_opposite(
    knowledge: Knowledge, share: float, one: str, other: str, name: str, does: str, undoes: str
) -> None:
    verb = [{a: share, b: 1 - share} for a, b in zip(one, other, strict=True)]
    choice = knowledge.choose(_heard(*verb, *_sure(name)), "zh")
    assert choice is not None
    assert choice.text == (does if share > 0.5 else undoes)
    assert choice.ambiguous is (0.1 < share < 0.9)


def test_no_frames_are_no_text(knowledge: Knowledge) -> None:
    choice = knowledge.choose(np.zeros((0, len(VOCABULARY)), np.float32), "zh")
    assert choice is not None
    assert choice.text == ""


def test_a_language_without_templates(knowledge: Knowledge) -> None:
    assert knowledge.choose(_heard(*_sure("开")), "fr") is None
    assert knowledge.judge("turn on the", "fr") is Completeness.UNKNOWN


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("turn on the", "en", Completeness.UNFINISHED),
        ("unlock the", "en", Completeness.UNFINISHED),
        ("unlock the back gate", "en", Completeness.COMPLETE),
        ("turn off the lights in the library", "en", Completeness.COMPLETE),
        ("turn on the light", "en", Completeness.UNKNOWN),  # in which room?
        ("set the reading lamp", "en", Completeness.UNFINISHED),
        ("把阅读灯调到", "zh", Completeness.UNFINISHED),
        ("quick brown foxes jump", "en", Completeness.UNKNOWN),
        ("", "en", Completeness.UNKNOWN),
    ],
)
def test_whole_sentences_and_broken_ones(
    knowledge: Knowledge, text: str, language: str, expected: Completeness
) -> None:
    assert knowledge.judge(text, language) is expected


def test_names_come_back_as_the_home_writes_them() -> None:
    from wyoming_funasr.home.description import parse_home

    home = parse_home("entities:\n- {name: 客廳燈, domain: light}", "home.yaml")
    known = Knowledge(home, [], Tokens(VOCABULARY, BLANK, 0.06, _write))
    assert known.as_written("打开客厅灯") == "打开客廳燈"
