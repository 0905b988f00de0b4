"""The sentences of a home: Home Assistant's templates with the home's names, sampled at random.

The templates stand for some 10^12 sentences, so that they are never written out: every template
becomes a rule that speaks one sentence of it at a time.
"""

import json
import logging
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import accumulate
from typing import Any

import yaml

from wyoming_funasr.home.description import Area, Entity, Floor, Home, names_of
from wyoming_funasr.home.writing import (
    ANYTHING,
    any_name,
    fits,
    is_chinese,
    single_spaced,
    spoken,
    with_number_words,
)
from wyoming_funasr.recognition.text import convert_script

_LOGGER = logging.getLogger(__name__)

TEMPLATE_LANGUAGES: dict[str, str] = {
    "en": "en",
    "zh": "zh-CN",
    "zh-TW": "zh-TW",
    "zh-HK": "zh-HK",
    "yue": "zh-HK",
    "ja": "ja",
    "ko": "ko",
}
"""The templates for each language."""

_WEIGHTS = {
    "HassTurnOn": 12.0,
    "HassTurnOff": 12.0,
    "HassLightSet": 7.0,
    "HassGetState": 5.0,
    "HassClimateSetTemperature": 4.0,
    "HassSetPosition": 3.0,
    "HassStartTimer": 3.0,
    "HassClimateGetTemperature": 3.0,
    "HassVacuumStart": 2.0,
    "HassSetVolume": 2.0,
    "HassFanSetSpeed": 2.0,
    "HassMediaPause": 2.0,
    "HassBroadcast": 0.3,
    "HassRespond": 0.3,
}
"""How often people use an intent, roughly; the rest have 1."""

_EVERYDAY_WEIGHT = 30.0
_CUSTOM_WEIGHT = 6.0
_OPENING_SHARE = 0.12
_DIGITS_SHARE = 0.25
"""Sentences with numbers as digits, as inverse text normalization writes them."""

_DEEPEST = 24
_SIGN = re.compile(r"[%°]")


@dataclass
class _Saying:
    """One sentence in the making."""

    rng: random.Random
    digits: bool
    area: str | None = None
    """The area of the entity that is named."""


_Rule = Callable[[_Saying], str]


class Grammar:
    """Home Assistant's sentences of one language in one home."""

    def __init__(self, language: str, home: Home) -> None:
        """`language` is a key of `TEMPLATE_LANGUAGES`."""
        self.language = language
        self.names = _Names(language, home)
        rules = list(_rules(language, home, self.names))
        self._rules = [rule for rule, _ in rules]
        self._weights = list(accumulate(weight for _, weight in rules))
        everyday = _everyday(language)
        self._openings, self._closings = everyday["opening"], everyday["closing"]
        self._space = " " if language in ("en", "ko") else ""

    def __bool__(self) -> bool:
        return bool(self._rules)

    def sample(self, rng: random.Random) -> str:
        """One sentence as it is spoken: lower case, no punctuation; `ANYTHING` for any words."""
        saying = _Saying(rng, rng.random() < _DIGITS_SHARE)
        rule = rng.choices(self._rules, cum_weights=self._weights)[0]
        words = rule(saying)
        if self._openings and rng.random() < _OPENING_SHARE:
            if self._closings and rng.random() < 0.25:
                words = words + self._space + rng.choice(self._closings)
            else:
                words = rng.choice(self._openings) + self._space + words
        return single_spaced(words)


class _Names:
    """The spoken names of a home in one language."""

    def __init__(self, language: str, home: Home) -> None:
        self._language = language
        self._all = [(one, self._spoken(one)) for one in home.entities]
        self._all = [(one, names) for one, names in self._all if names]
        self._by_area = {area.name: self._spoken(area) for area in home.areas if self._spoken(area)}
        self.floors = [names for one in home.floors if (names := self._spoken(one))]
        self.areas = list(self._by_area.values())
        if not self._all:  # no home is known: any words may be a name
            self._all = [(Entity("", ""), any_name(language))]
        self.areas = self.areas or [any_name(language)]
        self._by_domains: dict[frozenset[str], list[tuple[Entity, list[str]]]] = {}

    def in_area(self, area: str) -> list[str]:
        """The names of an area."""
        return self._by_area.get(area, [])

    def entities(self, domains: frozenset[str]) -> list[tuple[Entity, list[str]]]:
        """Entities of these domains with their names; no domains stand for all."""
        if domains not in self._by_domains:
            self._by_domains[domains] = [
                one for one in self._all if not domains or one[0].domain in (*domains, "")
            ]
        return self._by_domains[domains]

    def _spoken(self, entry: Floor | Area | Entity) -> list[str]:
        names = names_of(entry)
        fitting = [name for name in names if fits(name, self._language)] or names
        said = (
            spoken(one, self._language) for name in fitting for one in (name, self._in_words(name))
        )
        return [name for name in dict.fromkeys(said) if name]

    def _in_words(self, name: str) -> str:
        return with_number_words(name, self._language)


@dataclass
class _Block:
    """Templates under the same conditions, and what they may refer to."""

    domains: frozenset[str]
    names: _Names
    lists: dict[str, Any]
    rules: dict[str, Any]
    language: str
    any_for_unknown: bool = False
    """Whether a list that nobody has described stands for any words."""

    def compile(self, expression: Any, depth: int = 0) -> _Rule | None:
        """A rule that speaks the expression; None where nothing fits (no such names)."""
        from hassil.expression import (
            Alternative,
            Group,
            ListReference,
            Permutation,
            RuleReference,
            TextChunk,
        )

        if depth > _DEEPEST:
            return None
        if isinstance(expression, TextChunk):
            text = spoken(expression.original_text, self.language, keep_edges=True)
            return lambda saying: text
        if isinstance(expression, ListReference):
            return self._listed(expression)
        if isinstance(expression, RuleReference):
            body = self.rules.get(expression.rule_name)
            return None if body is None else self.compile(body.expression, depth + 1)
        assert isinstance(expression, Group)
        parts = [(item, self.compile(item, depth + 1)) for item in expression.items]
        if isinstance(expression, Alternative):
            return _choice([(item, rule) for item, rule in parts if rule is not None])
        rules = [rule for _, rule in parts if rule is not None]
        if len(rules) < len(parts):
            return None
        return _permutation(rules) if isinstance(expression, Permutation) else _sequence(rules)

    def _listed(self, reference: Any) -> _Rule | None:
        name = reference.list_name
        if name == "name":
            return _named(self.names.entities(self.domains), self.names)
        if name == "area":
            return _area(self.names)
        if name == "floor":
            return _one_of([name for names in self.names.floors for name in names])
        bounds = reference.get_inline_range() if reference.is_inline_range else None
        return self._values(self.lists.get(name), bounds)

    def _values(self, values: Any, bounds: tuple[int, int, int] | None) -> _Rule | None:
        from hassil.intents import RangeSlotList, TextSlotList, WildcardSlotList

        if bounds is not None:
            return _number(*bounds, self.language)
        if isinstance(values, RangeSlotList):
            return _number(values.start, values.stop, values.step, self.language)
        if isinstance(values, TextSlotList):
            rules = [(one.text_in, self.compile(one.text_in, 1)) for one in values.values]
            found = [(item, rule) for item, rule in rules if rule is not None]
            return _choice(found, ranked=False)
        if isinstance(values, WildcardSlotList) or (values is None and self.any_for_unknown):
            return lambda saying: f" {ANYTHING} "
        return None


def _rules(language: str, home: Home, names: _Names) -> Iterator[tuple[_Rule, float]]:
    """Every block of templates as a rule with its weight."""
    intents = read_intents(language)
    for intent in intents.intents.values():
        blocks = []
        for data in intent.data:
            domains = _domains(data.requires_context)
            lists = {**intents.slot_lists, **data.slot_lists}
            rules = {**intents.expansion_rules, **data.expansion_rules}
            block = _Block(domains, names, lists, rules, language)
            rule = _templates(block, [sentence.expression for sentence in data.sentences])
            if rule is not None:
                blocks.append(rule)
        weight = _WEIGHTS.get(intent.name, 1.0)
        yield from ((rule, weight / len(blocks)) for rule in blocks)
    yield from _everyday_rules(language, names, intents)
    custom = _custom_block(language, home, names, intents)
    own = [
        custom.compile(one) for one in map(_parse, home.sentences) if fits_template(one, language)
    ]
    for rule in own:
        if rule is not None:
            yield rule, _CUSTOM_WEIGHT / len(own)


def _everyday_rules(language: str, names: _Names, intents: Any) -> Iterator[tuple[_Rule, float]]:
    parts: list[tuple[_Rule, int]] = []
    for entry in _everyday(language)["sentences"]:
        domains = frozenset(entry["domains"])
        block = _Block(domains, names, intents.slot_lists, intents.expansion_rules, language)
        rule = _templates(block, list(map(_parse, entry["templates"])))
        if rule is not None and (not domains or names.entities(domains)):
            parts.append((rule, 1 + len(names.entities(domains) if domains else names.areas)))
    total = sum(count for _, count in parts)
    yield from ((rule, _EVERYDAY_WEIGHT * count / total) for rule, count in parts)


def _custom_block(language: str, home: Home, names: _Names, intents: Any) -> _Block:
    from hassil.intents import TextSlotList

    own = {
        name: TextSlotList.from_strings(values, allow_template=False) for name, values in home.lists
    }
    lists = {**intents.slot_lists, **own}
    rules = intents.expansion_rules
    return _Block(frozenset(), names, lists, rules, language, any_for_unknown=True)


def fits_template(expression: Any, language: str) -> bool:
    """Whether a template is of a language, judged by the script of its literal text."""
    from hassil.expression import Group, TextChunk

    if isinstance(expression, TextChunk):
        return not expression.text.strip() or fits(expression.text, language)
    if isinstance(expression, Group):
        return all(fits_template(item, language) for item in expression.items)
    return True


@lru_cache(maxsize=1_000)
def _parse(template: str) -> Any:
    from hassil import parse_sentence

    return parse_sentence(template).expression


def _templates(block: _Block, expressions: Sequence[Any]) -> _Rule | None:
    rules = [block.compile(one) for one in expressions]
    found = [rule for rule in rules if rule is not None]
    return (lambda saying: saying.rng.choice(found)(saying)) if found else None


def _domains(context: dict[str, Any]) -> frozenset[str]:
    domains = context.get("domain", ())
    return frozenset((domains,) if isinstance(domains, str) else domains)


def _sequence(rules: list[_Rule]) -> _Rule:
    if len(rules) == 1:
        return rules[0]
    return lambda saying: "".join([rule(saying) for rule in rules])


def _permutation(rules: list[_Rule]) -> _Rule:
    def say(saying: _Saying) -> str:
        order = rules[:]
        saying.rng.shuffle(order)
        return " ".join([rule(saying) for rule in order])

    return say


def _choice(options: list[tuple[Any, _Rule]], *, ranked: bool = True) -> _Rule | None:
    """One of the options; those with signs (%) only where numbers are digits.

    The authors of templates write the usual word first: with `ranked`, the n-th counts 1/n.
    """
    every = [rule for _, rule in options]
    aloud = [rule for item, rule in options if not _SIGN.search(repr(item))] or every
    if len(every) < 2:
        return every[0] if every else None
    shares = list(accumulate(1 / (1 + i) if ranked else 1 for i in range(len(every))))

    def say(saying: _Saying) -> str:
        rules = every if saying.digits else aloud
        return saying.rng.choices(rules, cum_weights=shares[: len(rules)])[0](saying)

    return say


def _named(entities: list[tuple[Entity, list[str]]], names: _Names) -> _Rule | None:
    if not entities:
        return None

    def say(saying: _Saying) -> str:
        entity, said = saying.rng.choice(entities)
        saying.area = entity.area
        return saying.rng.choice(said)

    return say


def _area(names: _Names) -> _Rule | None:
    if not names.areas:
        return None

    def say(saying: _Saying) -> str:
        own = names.in_area(saying.area) if saying.area else []
        return saying.rng.choice(own or saying.rng.choice(names.areas))

    return say


def _one_of(texts: list[str]) -> _Rule | None:
    return (lambda saying: saying.rng.choice(texts)) if texts else None


def _number(start: int, stop: int, step: int, language: str) -> _Rule:
    count = (stop - start) // step + 1

    def say(saying: _Saying) -> str:
        rng = saying.rng
        number = start + step * rng.randrange(count)
        if count > 20 and rng.random() < 0.5:
            number = min(max(start, round(number, -1)), stop)
        return str(number) if saying.digits else rng.choice(_number_words(number, language))

    return say


@lru_cache(maxsize=4096)
def _number_words(number: int, language: str) -> tuple[str, ...]:
    return tuple(with_number_words(f"{number}", language, every=True).split("\n"))


@lru_cache(maxsize=8)
def read_intents(language: str) -> Any:
    """Home Assistant's own templates (hassil's `Intents`); without those that it lacks.

    Chinese ones are simplified, as recognizers write.
    """
    from hassil import Intents
    from home_assistant_intents import get_intents

    found = get_intents(TEMPLATE_LANGUAGES[language]) or {}
    if is_chinese(language):
        found = json.loads(convert_script(json.dumps(found, ensure_ascii=False), "t2s"))
    return Intents.from_dict(found)


@lru_cache(maxsize=8)
def _everyday(language: str) -> dict[str, Any]:
    file = resources.files("wyoming_funasr.home") / "everyday" / f"{language[:2]}.yaml"
    if not file.is_file():
        return {"opening": [], "closing": [], "sentences": []}
    loaded: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    return loaded
