"""What Home Assistant would do, in whose words, and what is the opposite."""

import random
from dataclasses import replace

import pytest
from hassil import recognize_best
from hassil.intents import SlotList, TextSlotList

from wyoming_funasr.home.commands import Commands
from wyoming_funasr.home.description import Home, names_of, parse_home
from wyoming_funasr.home.evaluation import Outcome, judge, summarize
from wyoming_funasr.home.grammar import Grammar, read_intents
from wyoming_funasr.home.opposites import opposites
from wyoming_funasr.home.sounds import phones, unlikeness
from wyoming_funasr.home.writing import ANYTHING


@pytest.fixture(scope="module")
def english(home: Home) -> Commands:
    return Commands("en", home)


@pytest.fixture(scope="module")
def chinese(home: Home) -> Commands:
    return Commands("zh", home)


def test_a_command_is_an_intent_with_its_slots(english: Commands) -> None:
    command = english.understand("Unlock the back gate.")
    assert command is not None
    assert (command.intent, command.slots) == ("HassTurnOff", (("name", "back gate"),))


@pytest.mark.parametrize("text", ["", "turn on the", "my sister is coming", "x" * 10_000])
def test_other_text_is_no_command(english: Commands, text: str) -> None:
    assert english.understand(text) is None


def test_the_home_s_own_sentences_are_commands(english: Commands) -> None:
    command = english.understand("play some jazz radio")
    assert command is not None
    assert command.slots == (("station", "jazz"),)


def test_a_list_that_nobody_described_stands_for_any_words(home: Home) -> None:
    home = replace(home, sentences=("remind me to {chore} tonight", "提醒我{chore}"))
    command = Commands("en", home).understand("remind me to feed the cat tonight")
    assert command is not None
    assert [name for name, _ in command.slots] == ["chore"]
    assert Commands("zh", home).understand("提醒我喂猫") is not None


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        ("打开客厅灯", "打开客厅灯"),
        ("打开客厅的灯", "打开客厅灯"),
        ("请帮我打开阅读灯", "打开阅读灯"),
        ("把阅读灯调到百分之四十", "阅读灯的亮度设置为百分之四十"),
        ("关上天窗", "关闭天窗"),
        ("我妹妹要来看我们", None),
    ],
)
def test_other_words_for_the_same(chinese: Commands, said: str, understood: str | None) -> None:
    assert chinese.phrase(said) == understood


_STUDY = """
areas: [{name: Study, aliases: [書斎, 서재]}]
entities:
- {name: Lamp, aliases: [スタンド], domain: light, area: Study}
- {name: Curtain, aliases: [커튼], domain: cover, area: Study}
"""


def _all_names(home: Home) -> dict[str, SlotList]:
    """Every name of a home, as Home Assistant gives them to hassil."""
    names = [
        (name, one.name, {"domain": one.domain}) for one in home.entities for name in names_of(one)
    ]
    areas = [(name, one.name) for one in home.areas for name in names_of(one)]
    floors = [(name, one.name) for one in home.floors for name in names_of(one)]
    return {
        "name": TextSlotList.from_tuples(names, allow_template=False),
        "area": TextSlotList.from_tuples(areas, allow_template=False),
        "floor": TextSlotList.from_tuples(floors, allow_template=False),
    }


@pytest.mark.parametrize(
    ("language", "said", "understood"),
    [
        ("zh", "定时五分钟", "设置一个五分钟的计时器"),
        ("zh", "设个二十分钟的倒计时", "设置一个二十分钟的计时器"),
        ("zh", "十分钟", None),
        ("en", "timer five minutes", "set a timer for five minutes"),
        ("ja", "書斎の電気をつけてください", "書斎の電気を点けて"),
        ("ja", "書斎の明かりを消して", "書斎の照明を消して"),
        ("ja", "スタンドをオン", "スタンドをオンにして"),
        ("ko", "서재 불을 켜 주세요", "서재 불 켜줘"),
        ("ko", "커튼을 닫아 줘", "커튼 닫아줘"),
    ],
)
def test_what_people_say_in_other_languages_and_of_timers(
    language: str, said: str, understood: str | None
) -> None:
    home = parse_home(_STUDY, "home.yaml")
    assert Commands(language, home).phrase(said) == understood


@pytest.mark.parametrize("number", ["5", "five"])
def test_numbers_in_digits_are_those_in_words(english: Commands, number: str) -> None:
    command = english.understand(f"set a timer for {number} minutes")
    assert command is not None
    assert command.slots == (("minutes", "5"),)


@pytest.mark.parametrize(
    ("language", "text", "other"),
    [("ja", "電気を消して", "電気を点けて"), ("ko", "커튼 열어줘", "커튼 닫아줘")],
)
def test_opposites_of_other_languages(language: str, text: str, other: str) -> None:
    assert other in set(opposites(text, language))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_fast_way_finds_what_hassil_finds(language: str, home: Home) -> None:
    home = replace(home, sentences=())  # those are the home's own
    intents, lists, commands = read_intents(language), _all_names(home), Commands(language, home)
    rng, grammar = random.Random(2), Grammar(language, home)
    for _ in range(60):
        text = grammar.sample(rng).replace(ANYTHING, "milk")
        slow = recognize_best(
            text,
            intents,
            slot_lists=lists,
            intent_context={"area": home.areas[0].name},
            best_slot_name="name",
        )
        fast = commands.understand(text)
        assert (fast.intent if fast else None) == (slow.intent.name if slow else None), text


def test_opposites() -> None:
    assert "unlock the front gate" in set(opposites("lock the front gate", "en"))
    assert "lock the back gate" in set(opposites("lock the front gate", "en"))
    assert "关闭客厅灯" in set(opposites("打开客厅灯", "zh"))


@pytest.mark.parametrize(
    ("one", "other", "most"),
    [
        ("茶室", "查是", 0.05),
        ("琴房", "金房", 0.1),
        ("night", "knight", 0.0),
        ("desk", "disk", 0.1),
    ],
)
def test_what_sounds_alike(one: str, other: str, most: float) -> None:
    assert unlikeness(phones(one), phones(other)) <= most


def test_what_sounds_different() -> None:
    assert unlikeness(phones("front"), phones("back")) > 0.5


def test_what_the_home_put_in_its_words_is_compared_as_it_was_heard(chinese: Commands) -> None:
    said, sent = "打开客厅的灯", "打开客厅灯"
    assert not judge(said, sent, "zh", chinese).is_exact
    assert judge(said, sent, "zh", chinese, "打开客厅的灯。").is_exact
    wrong = judge(said, sent, "zh", chinese, "关闭客厅的灯")  # not what was sent
    assert not wrong.is_exact
    assert judge(said, sent, "zh", chinese, "打开客厅的登").errors == 1


def test_done_wrong_and_nothing(chinese: Commands) -> None:
    judged = [
        judge("打开客厅的灯", "打开客厅灯", "zh", chinese),
        judge("打开客厅的灯", "关闭客厅灯", "zh", chinese),
        judge("打开客厅的灯", "打开客厅的登", "zh", chinese),
        judge("我妹妹要来", "我妹妹要来", "zh", chinese),
    ]
    assert [one.outcome for one in judged] == [
        Outcome.DONE,
        Outcome.WRONG,
        Outcome.NOTHING,
        Outcome.NO_COMMAND,
    ]
    summary = summarize(judged)
    assert (summary.recordings, summary.commands, summary.done, summary.wrong) == (4, 3, 1, 1)
    assert summary.exact == 1
