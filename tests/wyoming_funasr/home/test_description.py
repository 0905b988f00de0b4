"""What a home.yaml may say, and what is said of its errors."""

import json
from importlib import resources
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from wyoming_funasr.home.description import Area, Entity, Home, names_of, parse_home, read_home
from wyoming_serving.errors import ServiceError

FOLDER = Path(str(resources.files("wyoming_funasr.home")))
EXAMPLE = FOLDER / "home.example.yaml"


def test_the_example_is_a_home() -> None:
    home = read_home(EXAMPLE)
    assert home.areas[0] == Area("Living Room", ("Lounge", "客厅"), "Ground Floor")
    assert home.entities[0] == Entity("Reading Lamp", "light", ("阅读灯",), "Living Room")
    assert home.lists == (("station", ("jazz", "classical", "新闻")),)
    assert len(home.sentences) == 2


def test_the_schema_takes_the_example() -> None:
    schema = json.loads((FOLDER / "home.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(yaml.safe_load(EXAMPLE.read_text("utf-8")))


@pytest.mark.parametrize("text", ["", "areas:", "areas: []\nlists: {}"])
def test_an_empty_home_is_a_home(text: str) -> None:
    assert parse_home(text, "home.yaml") == Home()


def test_two_entities_may_have_one_name() -> None:
    home = parse_home(
        "entities:\n- {name: Lamp, domain: light}\n- {name: Lamp, domain: switch}", ""
    )
    assert [one.domain for one in home.entities] == ["light", "switch"]


def test_names_without_repetitions() -> None:
    assert names_of(Entity("Lamp", "light", ("Lamp", "灯"))) == ("Lamp", "灯")


def test_many_entities_with_odd_names() -> None:
    lines = [f'- {{name: "😀 {i} {"x" * 200}", domain: light}}' for i in range(5_000)]
    assert len(parse_home("entities:\n" + "\n".join(lines), "").entities) == 5_000


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("areas:\n- nam: Kitchen", 2, "'nam' is unknown in an area; allowed: name, aliases, floor"),
        ("areas:\n- aliases: [a]", 2, "an area lacks name; allowed: name, aliases, floor"),
        ("areas: 3", 1, "areas must be a list; allowed: lines that begin with '- '"),
        ("rooms: []", 1, "'rooms' is unknown in the file; allowed: floors, areas"),
        ("readings: [a]", 1, "readings must be a mapping; allowed: any keys"),
        ("readings:\n  a: {b: c}", 2, "reading of a must be a text; allowed: 1 to 1000"),
        ("readings:\n  a: [x, [y]]", 2, "a reading must be a text; allowed: 1 to 1000"),
        ("areas: []\nareas: []", 2, "'areas' is there twice in the file"),
        (
            "areas:\n- name: Den\nentities:\n- name: a\n  domain: light\n  area: Dne",
            6,
            "area 'Dne' is not there; allowed: Den",
        ),
        ("entities:\n- name: a\n  domain: My Light", 3, "domain 'My Light' is none; allowed:"),
        ("sentences:\n- open [the", 2, "sentence 'open [the' cannot be read; allowed:"),
        ("areas:\n- name: [a]", 2, "name must be a text; allowed: 1 to 1000 characters"),
        ("areas:\n- name: ''", 2, "name has 0 characters; allowed: 1 to 1000"),
        ("areas: [", 2, "not YAML:"),
        ("- a", 1, "the file must be a mapping; allowed: floors, areas, entities"),
    ],
)
def test_an_error_is_one_line_with_the_place_and_what_is_allowed(
    text: str, line: int, says: str
) -> None:
    with pytest.raises(ServiceError) as caught:
        parse_home(text, "home.yaml")
    assert caught.value.text.startswith(f"home.yaml, line {line}: {says}")
    assert "\n" not in caught.value.text


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="cannot be read"):
        read_home(tmp_path / "home.yaml")
