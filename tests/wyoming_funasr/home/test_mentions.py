"""Names in texts, however long and however many."""

import time

from wyoming_funasr.home.commands import Commands
from wyoming_funasr.home.description import Area, Entity, Home
from wyoming_funasr.home.mentions import MARKS, HomeNames

LONG = "x" * 100


def test_a_form_for_each_way_to_read_the_names() -> None:
    home = Home((), (Area("客厅"),), (Entity("客厅灯", "light"), Entity("灯", "switch")))
    forms = {form.text for form in HomeNames(home).forms("打开客厅灯")}
    area, name = MARKS["area"], MARKS["name"]
    expected = {
        "打开客厅灯",
        f"打开{name}",
        f"打开{area}灯",
        f"打开客厅{name}",
        f"打开{area}{name}",
    }
    assert forms == expected


def test_many_names_make_few_forms() -> None:
    entities = tuple(Entity("a" * length, "light") for length in range(1, 40))
    areas = tuple(Area("a" * length) for length in range(1, 40))
    assert len(HomeNames(Home((), areas, entities)).forms("a" * 100)) <= 24


def test_a_name_may_be_as_long_as_a_text_and_no_longer() -> None:
    home = Home((), (), (Entity(LONG, "light"), Entity(2 * LONG, "light"), Entity("😀", "light")))
    commands = Commands("en", home)
    command = commands.understand(f"turn on {LONG}")
    assert command is not None
    assert command.names == (LONG,)
    assert commands.understand(f"turn on {2 * LONG}") is None


def test_a_command_does_not_take_longer_in_a_large_home() -> None:
    """Names that are not in the text are no work for it."""
    entities = tuple(Entity(f"lamp number {n} of house", "light") for n in range(20_000))
    commands = Commands("en", Home((), (), entities))
    commands.understand("turn on lamp number 1 of house")  # patterns are made once
    started = time.thread_time()
    command = commands.understand("turn on lamp number 15 of house")
    assert command is not None
    assert command.names == ("lamp number 15 of house",)
    assert time.thread_time() - started < 0.5
