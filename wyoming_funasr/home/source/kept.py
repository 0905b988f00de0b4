"""Homes as files: what `home.yaml` says of a home, and the last knowledge kept on disk."""

import os
from dataclasses import asdict
from pathlib import Path

import yaml

from wyoming_funasr.home.description import Area, Entity, Floor, Home

_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def home_yaml(home: Home) -> str:
    """The text of a `home.yaml` that describes the home."""
    content = {
        "floors": [_written(floor) for floor in home.floors],
        "areas": [_written(area) for area in home.areas],
        "entities": [_written(entity) for entity in home.entities],
        "lists": {name: list(values) for name, values in home.lists},
        "sentences": list(home.sentences),
    }
    filled = {key: value for key, value in content.items() if value}
    text: str = yaml.dump(filled, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1_000)
    return text


def keep(home: Home, file: Path) -> None:
    """Write a home to a file that only its owner may read; it is never seen half written.

    Raises:
        OSError: it cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.partial")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as opened:
        opened.write(home_yaml(home))
    new.replace(file)


def _written(entry: Floor | Area | Entity) -> dict[str, object]:
    """An entry's keys that hold something."""
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in asdict(entry).items()
        if value
    }
