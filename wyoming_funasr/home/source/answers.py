"""A home from what Home Assistant's registries say.

Names are those that Assist listens to, by the rules of Home Assistant's own `conversation`
integration: up to 2026.3 an entity's name and its aliases; from 2026.4 the aliases alone, in which
null stands for the name. Whatever has an unexpected form is left out.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wyoming_funasr.home.description import (
    LONGEST_TEXT,
    Area,
    Entity,
    Floor,
    Home,
    is_template,
)

_ALIASES_HOLD_THE_NAME = (2026, 4)
"""The first release with null in aliases."""

_Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Answers:
    """What Home Assistant said, unchecked."""

    version: str
    floors: object
    areas: object
    devices: object
    entities: Mapping[str, object]
    """The registry's entry of each exposed entity; None for one that is not in the registry."""
    friendly_names: Mapping[str, str | None]
    """The name in the state of each exposed entity that has a state."""
    sentences: object


def home_from(answers: Answers) -> Home:
    """The home that the answers tell of."""
    floors = {str(entry.get("floor_id")): entry for entry in _entries(answers.floors)}
    areas = {str(entry.get("area_id")): entry for entry in _entries(answers.areas)}
    floor_names = {key: name for key, entry in floors.items() if (name := text(entry.get("name")))}
    area_names = {key: name for key, entry in areas.items() if (name := text(entry.get("name")))}
    return Home(
        floors=tuple(Floor(name, _aliases(floors[key])) for key, name in floor_names.items()),
        areas=tuple(
            Area(name, _aliases(areas[key]), floor_names.get(str(areas[key].get("floor_id"))))
            for key, name in area_names.items()
        ),
        entities=tuple(_entities(answers, area_names)),
        sentences=tuple(_sentences(answers.sentences)),
    )


def text(value: object) -> str | None:
    """A name as one line without control characters; None for what is none."""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        return None
    line = " ".join(value.split())
    return "".join(one for one in line if unicodedata.category(one) not in ("Cc", "Cs")) or None


def _entities(answers: Answers, area_names: Mapping[str, str]) -> Iterator[Entity]:
    devices = {str(entry.get("id")): entry for entry in _entries(answers.devices)}
    match = re.match(r"(\d+)\.(\d+)", answers.version)
    version = (int(match[1]), int(match[2])) if match else (0, 0)
    for entity_id, friendly_name in answers.friendly_names.items():
        domain, _, short_id = entity_id.partition(".")
        entry = answers.entities.get(entity_id)
        shown = friendly_name or short_id.replace("_", " ")
        if not isinstance(entry, Mapping):  # not in the registry
            entry, names = {}, [text(shown)]
        else:
            names = _names(entry, shown, devices, version)
        known = list(dict.fromkeys(name for name in names if name))
        if known and domain.isidentifier():
            area = area_names.get(str(_area_id(entry, devices)))
            yield Entity(known[0], domain, tuple(known[1:]), area)


def _names(
    entry: _Entry, shown: str, devices: Mapping[str, _Entry], version: tuple[int, int]
) -> list[str | None]:
    own = text(_full_name(entry, devices) if "next_name_part" in entry else shown)
    aliases = entry.get("aliases")
    if version >= _ALIASES_HOLD_THE_NAME and isinstance(aliases, list):
        return [own if alias is None else text(alias) for alias in aliases]
    return [own, *_aliases(entry)]


def _full_name(entry: _Entry, devices: Mapping[str, _Entry]) -> str:
    """The name with those of the device and its parent, as far as `next_name_part` links them."""
    parts: list[object] = []
    device = devices.get(str(entry.get("device_id")))
    if device is not None and entry.get("next_name_part") == "device":
        parent = devices.get(str(device.get("parent_device_id")))
        if parent is not None and device.get("next_name_part") == "parent_device":
            parts.append(_device_name(parent))
        parts.append(_device_name(device))
    name = entry.get("name")
    parts.append(entry.get("original_name") if name is None else name)
    return " ".join(part for part in parts if isinstance(part, str) and part)


def _device_name(device: _Entry) -> object:
    return device.get("name_by_user") or device.get("name")


def _area_id(entry: _Entry, devices: Mapping[str, _Entry]) -> object:
    """An entity's area: its own, else its device's, else that of the device's parent."""
    device = devices.get(str(entry.get("device_id")), {})
    parent = devices.get(str(device.get("parent_device_id")), {})
    return entry.get("area_id") or device.get("area_id") or parent.get("area_id")


def _aliases(entry: _Entry) -> tuple[str, ...]:
    """The aliases in a fixed order, for Home Assistant keeps them in a set."""
    aliases = entry.get("aliases")
    listed = aliases if isinstance(aliases, list) else []
    return tuple(sorted({alias for one in listed if (alias := text(one))}))


def _sentences(told: object) -> Iterator[str]:
    listed = told.get("trigger_sentences") if isinstance(told, Mapping) else None
    sentences = map(text, listed if isinstance(listed, list) else [])
    yield from dict.fromkeys(one for one in sentences if one and is_template(one))


def _entries(told: object) -> Iterator[_Entry]:
    """What of an answer is a list of mappings."""
    return (one for one in (told if isinstance(told, list) else []) if isinstance(one, Mapping))
