"""What is told of a transcript, and what the docs say of it."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.wyoming_funasr.conftest import SettingsMaker
from wyoming_funasr.automations.messages import Topics, default_topic, discovery, event
from wyoming_funasr.recognition.types import Recognition
from wyoming_funasr.requests.endpointing import EndedBy
from wyoming_funasr.requests.events import Final
from wyoming_serving.settings import SettingsError

DOCS = Path(__file__).parents[3] / "docs"
NOW = datetime(2026, 11, 21, 3, 15, tzinfo=UTC)


def told(recognition: Recognition, *, texts: bool = False) -> dict[str, object]:
    final = Final(recognition, "en", EndedBy.SILENCE)
    return event(final, NOW, "192.168.1.7", "listen", texts=texts)


@pytest.mark.parametrize(
    ("recognition", "event_type"),
    [
        (Recognition("Good night.", event="speech"), "speech"),
        (Recognition("", event="cough"), "cough"),
        (Recognition("Good night."), "speech"),  # a model without tags
        (Recognition("Good night.", event="event_unk"), "speech"),
        (Recognition("", event="event_unk"), "other"),
        (Recognition(), "nothing"),
    ],
)
def test_every_transcript_has_an_event_type_that_was_announced(
    recognition: Recognition, event_type: str
) -> None:
    assert told(recognition)["event_type"] == event_type
    announced = discovery(Topics("x"), "x").payload
    assert f'"{event_type}"' in announced


def test_without_texts_nothing_of_the_text_is_told() -> None:
    recognition = Recognition(
        "unlock the door", intent="HassTurnOff", alternatives=("lock the door",)
    )
    assert "door" not in str(told(recognition))
    assert "Hass" not in str(told(recognition))
    assert told(recognition)["ambiguous"] is True
    assert told(recognition, texts=True)["text"] == "unlock the door"


@pytest.mark.parametrize("page", ["automations.md", "zh-CN/automations.md"])
def test_the_pages_describe_every_key(page: str) -> None:
    described = re.findall(r"^\| `(\w+)` \|", (DOCS / page).read_text(encoding="utf-8"), re.M)
    assert described == list(told(Recognition(), texts=True))


def automations() -> list[dict[str, Any]]:
    """The examples of the page."""
    text = (DOCS / "automations.md").read_text(encoding="utf-8")
    return [
        one
        for block in re.findall(r"^```yaml\n(.*?)^```", text, re.M | re.S)
        for one in yaml.safe_load(block)
    ]


def test_the_examples_are_automations_about_what_is_told() -> None:
    assert len(automations()) == 2
    keys = set(told(Recognition()))
    for one in automations():
        assert one.keys() == {"alias", "triggers", "conditions", "actions"}
        used = set(re.findall(r"to_state\.attributes\.(\w+)", str(one)))
        assert used and used <= keys


@pytest.mark.parametrize(
    ("instance", "topic"),
    [
        ("funasr-kitchen", "wyoming-funasr/funasr-kitchen"),
        ("Mum's room / +#", "wyoming-funasr/Mum-s-room"),
        ("厨房", "wyoming-funasr/厨房"),
        ("/", "wyoming-funasr/host"),
    ],
)
def test_any_name_makes_a_topic(instance: str, topic: str) -> None:
    assert default_topic(instance) == topic
    assert re.fullmatch(
        r"homeassistant/event/[A-Za-z0-9_-]+/config", discovery(Topics(topic), instance).topic
    )


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--mqtt-topic", "a/#"], "mqtt_topic|mqtt-topic"),
        (["--mqtt-topic", "/a"], "mqtt-topic"),
        (["--mqtt-port", "0"], "mqtt-port"),
        (["--mqtt-password", "hidden"], "need mqtt_username"),
        (["--mqtt-username", "u", "--mqtt-password", "hidden", "--mqtt-password-file", "f"],
         "one of them"),
    ],
)  # fmt: skip
def test_wrong_settings_are_refused(
    make_settings: SettingsMaker, words: list[str], problem: str
) -> None:
    with pytest.raises(SettingsError, match=problem) as caught:
        make_settings("--mqtt-host", "broker", *words)
    assert "hidden" not in str(caught.value)
