"""What Home Assistant would do for a text in this home: its own matcher on its own sentences."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeVar

from wyoming_funasr.home.description import Area, Entity, Floor, Home
from wyoming_funasr.home.grammar import fits_template, read_intents
from wyoming_funasr.home.mentions import KINDS, HomeNames
from wyoming_funasr.home.phrasing import variants
from wyoming_funasr.home.templates import Templates, all_lists
from wyoming_funasr.home.writing import is_chinese, simplified, spoken

_MOST_REMEMBERED = 500
_LONGEST_TEXT = 120
"""Characters; no command is longer, and matching takes time with the length."""


_Entry = TypeVar("_Entry", Floor, Area, Entity)


@dataclass(frozen=True)
class Command:
    """An intent with its slots; `names` are the names in it."""

    intent: str
    slots: tuple[tuple[str, str], ...]
    names: tuple[str, ...] = ()

    def same_as(self, other: "Command | None") -> bool:
        """Whether both do the same thing, whatever words they were given in."""
        return other is not None and (self.intent, self.slots) == (other.intent, other.slots)


class Commands:
    """Texts of one language as commands in one home.

    Chinese characters are compared, and answered, in their simplified form.
    """

    def __init__(self, language: str, home: Home) -> None:
        self._language = language
        home = _simplified(home) if is_chinese(language) else home
        intents = read_intents(language)
        self._intents = intents
        self._names = HomeNames(home)
        self._templates = [_general(language)]
        custom = _custom(language, home)
        if custom is not None:
            self._templates.append(Templates([(CUSTOM, custom)], intents))
        # a block that is about this room needs a room; one of the home would be taken for its name
        self._context = {"area": "here"}
        self._known: OrderedDict[str, Command | None] = OrderedDict()
        self._phrased: OrderedDict[str, str | None] = OrderedDict()

    def understand(self, text: str) -> Command | None:
        """The command that a text is; None for a text that Home Assistant does not act on."""
        text = text.strip().rstrip("。.!！?？")
        text = simplified(text) if is_chinese(self._language) else text
        if text not in self._known:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.popitem(last=False)
            self._known[text] = self._match(text) if 0 < len(text) <= _LONGEST_TEXT else None
        return self._known[text]

    def meant(self, text: str) -> Command | None:
        """The command that a text is, if need be in other words (`phrase`)."""
        phrased = self.phrase(text)
        return self.understand(phrased) if phrased is not None else None

    def phrase(self, text: str) -> str | None:
        """The text as Home Assistant understands it: as it is or in other words; else None."""
        text = simplified(text) if is_chinese(self._language) else text
        if self.understand(text) is not None:
            return text
        if text not in self._phrased:
            if len(self._phrased) >= _MOST_REMEMBERED:
                self._phrased.popitem(last=False)
            found = (one for one in variants(text, self._language) if self.understand(one))
            self._phrased[text] = next(found, None)
        return self._phrased[text]

    def _match(self, text: str) -> Command | None:
        from hassil import recognize_best
        from hassil.errors import HassilError

        candidates = self._possible(text)
        if candidates is None:
            return None
        try:
            result = recognize_best(
                text,
                candidates,
                slot_lists=self._names.slot_lists(self._templates[0].bare(text)),
                intent_context=self._context,
                best_slot_name="name",
            )
        except (HassilError, ValueError):
            return None
        return None if result is None else _command(result)

    def _possible(self, text: str) -> Any:
        """Home Assistant's intents without the sentences that the text cannot be."""
        from hassil.intents import Intent, Intents

        found: dict[str, Intent] = {}
        for templates in self._templates:
            for intent, data in templates.possible(text, self._names):
                found.setdefault(intent, Intent(intent)).data.append(data)
        if not found:
            return None
        known = self._intents
        return Intents(
            known.language,
            found,
            known.slot_lists,
            known.expansion_rules,
            known.skip_words,
            known.settings,
        )


def _simplified(home: Home) -> Home:
    def renamed(entries: tuple[_Entry, ...]) -> tuple[_Entry, ...]:
        return tuple(
            replace(one, name=simplified(one.name), aliases=tuple(map(simplified, one.aliases)))
            for one in entries
        )

    return Home(
        renamed(home.floors),
        renamed(home.areas),
        renamed(home.entities),
        tuple((name, tuple(map(simplified, values))) for name, values in home.lists),
        tuple(map(simplified, home.sentences)),
    )


@lru_cache(maxsize=8)
def _general(language: str) -> Templates:
    """Home Assistant's own templates."""
    intents = read_intents(language)
    every = [(one.name, data) for one in intents.intents.values() for data in one.data]
    return Templates(every, intents)


CUSTOM = "CustomSentence"
"""Stands as the intent of sentences that are the home's own."""


def _custom(language: str, home: Home) -> Any:
    from hassil import parse_sentence
    from hassil.intents import IntentData, SlotList, TextSlotList, WildcardSlotList

    parsed = {one: parse_sentence(one).expression for one in home.sentences}
    own = {one: parsed[one] for one in parsed if fits_template(parsed[one], language)}
    if not own:
        return None
    lists: dict[str, SlotList] = {
        name: TextSlotList.from_strings(values, allow_template=False) for name, values in home.lists
    }
    intents = read_intents(language)
    for expression in own.values():
        # Home Assistant takes any words for a list of a sentence trigger
        for name in all_lists(expression, intents.expansion_rules) - KINDS.keys():
            if name not in intents.slot_lists:
                lists.setdefault(name, WildcardSlotList(name))
    return IntentData(list(own), slot_lists=lists)


def _value(value: Any) -> str:
    """A slot's value; 5.0, from digits, is the 5 from words."""
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if is_whole else spoken(str(value), "en")


def _command(result: Any) -> Command:
    slots = tuple(sorted((name, _value(one.value)) for name, one in result.entities.items()))
    names = tuple(
        str(one.text) for one in result.entities.values() if one.name in ("name", "area", "floor")
    )
    intent = result.intent.name
    if intent == CUSTOM and result.intent_sentence is not None:
        intent = f"{CUSTOM}: {result.intent_sentence.text}"
    return Command(intent, slots, names)
