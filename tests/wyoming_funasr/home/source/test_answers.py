"""Which names Assist listens to, from what Home Assistant's registries say."""

from typing import Any

from wyoming_funasr.home.description import Area, Entity, Floor, Home
from wyoming_funasr.home.source.answers import Answers, home_from, text

LAMP = "light.lamp"


def answers(version: str = "2026.11.0", **told: Any) -> Answers:
    empty: dict[str, Any] = {
        "floors": [], "areas": [], "devices": [], "entities": {}, "friendly_names": {},
        "sentences": {"trigger_sentences": []},
    }  # fmt: skip
    return Answers(version, **(empty | told))


def entity(version: str, aliases: Any, **entry: Any) -> tuple[Entity, ...]:
    told = answers(
        version,
        entities={LAMP: {"aliases": aliases, **entry}},
        friendly_names={LAMP: "Lamp"},
    )
    return home_from(told).entities


def test_until_2026_3_the_name_counts_beside_the_aliases() -> None:
    assert entity("2025.12.5", ["Light", "灯"]) == (Entity("Lamp", "light", ("Light", "灯")),)
    assert entity("2026.3.4", []) == (Entity("Lamp", "light"),)


def test_since_2026_4_null_among_the_aliases_stands_for_the_name() -> None:
    assert entity("2026.4.0", ["灯", None]) == (Entity("灯", "light", ("Lamp",)),)
    assert entity("2026.4.0", [None]) == (Entity("Lamp", "light"),)


def test_since_2026_4_a_name_that_is_not_among_the_aliases_does_not_count() -> None:
    assert entity("2026.4.0", ["灯"]) == (Entity("灯", "light"),)
    assert entity("2026.4.0", []) == ()


def test_a_name_is_linked_to_those_of_the_device_and_its_parent() -> None:
    devices = [
        {"id": "hub", "name": "Hub", "name_by_user": "Cellar"},
        {"id": "child", "name": "Left", "parent_device_id": "hub",
         "next_name_part": "parent_device"},
    ]  # fmt: skip
    entry = {"aliases": [None], "device_id": "child", "name": None, "original_name": "Light"}

    def named(**more: Any) -> str:
        told = answers(
            devices=devices, entities={LAMP: entry | more}, friendly_names={LAMP: "state's"}
        )
        return home_from(told).entities[0].name

    assert named(next_name_part="device") == "Cellar Left Light"
    assert named(next_name_part=None) == "Light"
    assert named(next_name_part=None, name="Mine") == "Mine"
    assert named() == "state's"


def test_an_entity_without_a_name_has_that_of_its_id() -> None:
    told = answers(entities={"light.left_lamp": None}, friendly_names={"light.left_lamp": None})
    assert home_from(told).entities == (Entity("left lamp", "light"),)


def test_an_exposed_entity_without_a_state_is_not_there() -> None:
    assert home_from(answers(entities={LAMP: {"aliases": [None]}})).entities == ()


def test_the_area_is_the_entity_s_else_its_device_s_else_its_parent_s() -> None:
    told = answers(
        areas=[{"area_id": name, "name": name.title()} for name in ("den", "hall", "attic")],
        devices=[
            {"id": "hub", "area_id": "attic"},
            {"id": "own", "area_id": "hall"},
            {"id": "child", "parent_device_id": "hub", "area_id": None},
        ],
        entities={
            "light.a": {"aliases": [None], "area_id": "den", "device_id": "own"},
            "light.b": {"aliases": [None], "area_id": None, "device_id": "own"},
            "light.c": {"aliases": [None], "device_id": "child"},
            "light.d": {"aliases": [None], "area_id": "gone"},
        },
        friendly_names=dict.fromkeys(("light.a", "light.b", "light.c", "light.d"), "x"),
    )
    areas = [one.area for one in home_from(told).entities]
    assert areas == ["Den", "Hall", "Attic", None]


def test_floors_areas_and_sentences() -> None:
    told = answers(
        floors=[{"floor_id": "up", "name": "Upstairs", "aliases": ["二楼", "Above"]}],
        areas=[
            {"area_id": "den", "name": "Den", "aliases": ["茶室"], "floor_id": "up"},
            {"area_id": "hall", "name": "Hall", "aliases": [], "floor_id": None},
        ],
        sentences={"trigger_sentences": ["play [some] music", "open [the", "play [some] music"]},
    )
    assert home_from(told) == Home(
        floors=(Floor("Upstairs", ("Above", "二楼")),),
        areas=(Area("Den", ("茶室",), "Upstairs"), Area("Hall")),
        sentences=("play [some] music",),
    )


def test_what_has_no_known_form_is_left_out() -> None:
    told = answers(
        floors="none",
        areas=[
            None,
            3,
            {"name": 4},
            {"area_id": "a", "name": "  "},
            {"area_id": [], "name": "Den"},
        ],
        devices=[{"id": {}}, "x"],
        entities={LAMP: {"aliases": {"a": 1}, "device_id": [1]}, "light.b": "x", "3d.c": None},
        friendly_names={LAMP: "Lamp", "light.b": "B", "3d.c": "C"},
        sentences=["x"],
    )
    home = home_from(told)
    assert home.areas == (Area("Den"),)
    assert home.entities == (Entity("Lamp", "light"), Entity("B", "light"))


def test_odd_names() -> None:
    assert text(" Two\n lines\t ") == "Two lines"
    assert text("a\x00b\x1bc\ud800") == "abc"
    assert text("😀 👩‍🚀") == "😀 👩‍🚀"
    assert text("x" * 200) == "x" * 200
    assert (text("x" * 1_001), text(""), text(None), text(3)) == (None, None, None, None)


def test_two_entities_of_one_name() -> None:
    names = {"light.a": "Lamp", "switch.b": "Lamp"}
    told = answers(entities=dict.fromkeys(names), friendly_names=names)
    assert home_from(told).entities == (Entity("Lamp", "light"), Entity("Lamp", "switch"))
