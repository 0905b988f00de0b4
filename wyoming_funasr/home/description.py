"""A home in a file: floors, areas, entities, lists and sentences, as `home.yaml` writes them.

The format is described by `home.schema.json` and shown by `home.example.yaml` beside this module.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

import yaml

from wyoming_serving.errors import ErrorCode, ServiceError

LONGEST_TEXT = 1_000
MOST_ENTRIES = 100_000
"""Of one list: far above any home, far below what hurts."""

_Entry = TypeVar("_Entry")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Floor:
    """A floor of the home."""

    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Area:
    """A room or another place of the home; `floor` is a floor's name."""

    name: str
    aliases: tuple[str, ...] = ()
    floor: str | None = None


@dataclass(frozen=True)
class Entity:
    """A thing that can be spoken to; `domain` is Home Assistant's word, `area` an area's name."""

    name: str
    domain: str
    aliases: tuple[str, ...] = ()
    area: str | None = None


@dataclass(frozen=True)
class Home:
    """What is known of a home. Two entries may have one name."""

    floors: tuple[Floor, ...] = ()
    areas: tuple[Area, ...] = ()
    entities: tuple[Entity, ...] = ()
    lists: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Lists that `sentences` refer to, each with its values."""
    sentences: tuple[str, ...] = ()
    """More sentences that the home acts on, as templates in Home Assistant's syntax."""


def names_of(entry: Floor | Area | Entity) -> tuple[str, ...]:
    """The name and the aliases, without repetitions."""
    return tuple(dict.fromkeys((entry.name, *entry.aliases)))


def is_template(text: str) -> bool:
    """Whether a sentence can be read as a template of Home Assistant."""
    from hassil import parse_sentence
    from hassil.parse_expression import ParseExpressionError
    from hassil.parser import ParseError

    try:
        parse_sentence(text)
    except (
        ParseError, ParseExpressionError, ValueError, AssertionError, IndexError, RecursionError
    ):  # fmt: skip
        return False
    return True


def read_home(file: Path) -> Home:
    """Read a `home.yaml`.

    Raises:
        ServiceError: `home-invalid`, one line with the file, the line, and what is allowed.
    """
    try:
        text = file.expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ServiceError(ErrorCode.HOME_INVALID, f"{file}: cannot be read: {error}") from None
    return parse_home(text, str(file))


def parse_home(text: str, source: str) -> Home:
    """Read the text of a `home.yaml`; errors name `source`.

    Raises:
        ServiceError: `home-invalid`.
    """
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        line = f", line {mark.line + 1}" if mark else ""
        raise ServiceError(ErrorCode.HOME_INVALID, f"{source}{line}: not YAML: {problem}") from None
    return Home() if root is None else _Reader(source).home(root)


class _Reader:
    """Turns YAML nodes, which know their lines, into a home."""

    def __init__(self, source: str) -> None:
        self._source = source

    def home(self, root: yaml.Node) -> Home:
        keys = self._mapping(root, "the file", (), ("floors", "areas", "entities", *_MORE))
        floors = self._each(keys.get("floors"), "floors", self._floor)
        areas = self._each(keys.get("areas"), "areas", self._area)
        self._check_references("floor", keys.get("areas"), {floor.name for floor in floors})
        self._check_readings(keys.get("readings"))
        entities = self._each(keys.get("entities"), "entities", self._entity)
        self._check_references("area", keys.get("entities"), {area.name for area in areas})
        return Home(
            floors,
            areas,
            entities,
            self._lists(keys.get("lists")),
            self._each(keys.get("sentences"), "sentences", self._sentence),
        )

    def _floor(self, node: yaml.Node) -> Floor:
        keys = self._mapping(node, "a floor", ("name",), ("aliases",))
        return Floor(self._text(keys["name"], "name"), self._aliases(keys))

    def _area(self, node: yaml.Node) -> Area:
        keys = self._mapping(node, "an area", ("name",), ("aliases", "floor"))
        floor = self._text(keys["floor"], "floor") if "floor" in keys else None
        return Area(self._text(keys["name"], "name"), self._aliases(keys), floor)

    def _entity(self, node: yaml.Node) -> Entity:
        keys = self._mapping(node, "an entity", ("name", "domain"), ("aliases", "area"))
        area = self._text(keys["area"], "area") if "area" in keys else None
        domain = self._text(keys["domain"], "domain")
        if not domain.isidentifier() or domain != domain.lower():
            allowed = "a domain of Home Assistant such as light, switch, cover, lock"
            self._fail(keys["domain"], f"domain {domain!r} is none; allowed: {allowed}")
        return Entity(self._text(keys["name"], "name"), domain, self._aliases(keys), area)

    def _sentence(self, node: yaml.Node) -> str:
        text = self._text(node, "a sentence")
        if not is_template(text):
            allowed = "a template such as 'open [the] {name}', every bracket closed"
            self._fail(node, f"sentence {_short(text)} cannot be read; allowed: {allowed}")
        return text

    def _lists(self, node: yaml.Node | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
        if node is None or _is_null(node):
            return ()
        named = self._mapping(node, "lists", (), None)
        return tuple(
            (name, self._each(values, f"list {name}", lambda one: self._text(one, "a value")))
            for name, values in named.items()
        )

    def _check_readings(self, node: yaml.Node | None) -> None:
        """They are for wyoming-melotts, which knows what a reading may be; here they are texts."""
        if node is None or _is_null(node):
            return
        for name, readings in self._mapping(node, "readings", (), None).items():
            if isinstance(readings, yaml.SequenceNode):
                self._each(readings, f"reading of {name}", lambda one: self._text(one, "a reading"))
            else:
                self._text(readings, f"reading of {name}")

    def _aliases(self, keys: dict[str, yaml.Node]) -> tuple[str, ...]:
        return self._each(keys.get("aliases"), "aliases", lambda one: self._text(one, "an alias"))

    def _check_references(self, key: str, entries: yaml.Node | None, known: set[str]) -> None:
        if not isinstance(entries, yaml.SequenceNode):
            return
        for entry in entries.value:
            value = {k.value: v for k, v in entry.value}.get(key)
            if value is not None and value.value.strip() not in known:
                some = ", ".join(sorted(known)[:20]) or f"none, for there are no {key}s"
                self._fail(value, f"{key} {_short(value.value)} is not there; allowed: {some}")

    def _mapping(
        self,
        node: yaml.Node,
        what: str,
        required: Iterable[str],
        optional: Iterable[str] | None,
    ) -> dict[str, yaml.Node]:
        """The keys of a mapping; `optional` None allows any."""
        allowed = None if optional is None else (*required, *optional)
        names = "any keys" if allowed is None else ", ".join(allowed)
        if not isinstance(node, yaml.MappingNode):
            self._fail(node, f"{what} must be a mapping; allowed: {names}")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            if name in found:
                self._fail(key, f"{_short(name)} is there twice in {what}")
            if allowed is not None and name not in allowed:
                self._fail(key, f"{_short(name)} is unknown in {what}; allowed: {names}")
            found[name] = value
        for name in required:
            if name not in found:
                self._fail(node, f"{what} lacks {name}; allowed: {names}")
        return found

    def _each(
        self, node: yaml.Node | None, what: str, read: Callable[[yaml.Node], _Entry]
    ) -> tuple[_Entry, ...]:
        if node is None or _is_null(node):
            return ()
        if not isinstance(node, yaml.SequenceNode):
            self._fail(node, f"{what} must be a list; allowed: lines that begin with '- '")
        if len(node.value) > MOST_ENTRIES:
            self._fail(node, f"{what} has {len(node.value)} entries; allowed: {MOST_ENTRIES}")
        return tuple(read(one) for one in node.value)

    def _text(self, node: yaml.Node, what: str) -> str:
        if not isinstance(node, yaml.ScalarNode) or _is_null(node):
            self._fail(node, f"{what} must be a text; allowed: 1 to {LONGEST_TEXT} characters")
        text = " ".join(str(node.value).split())
        if not 1 <= len(text) <= LONGEST_TEXT:
            size = len(text)
            self._fail(node, f"{what} has {size} characters; allowed: 1 to {LONGEST_TEXT}")
        return text

    def _fail(self, node: yaml.Node, problem: str) -> NoReturn:
        line = node.start_mark.line + 1
        raise ServiceError(ErrorCode.HOME_INVALID, f"{self._source}, line {line}: {problem}")


_MORE = ("lists", "sentences", "readings")


def _is_null(node: yaml.Node) -> bool:
    return bool(node.tag == "tag:yaml.org,2002:null")


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
