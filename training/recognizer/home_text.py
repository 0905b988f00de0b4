"""Commands to a home: our templates and Home Assistant's intents, with names from everywhere."""

import json
import random
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

from training.recognizer import commands, everyday, names, numbers, text
from training.recognizer.commands import chinese_number, english_number
from training.recognizer.grammar import Grammar
from training.recognizer.wide import WideText

_USUAL_NAME = 0.4
"""Share of names that are those of a usual home."""
_SPOKEN = re.compile(r"[A-Za-z' \u4e00-\u9fff]+")
_NUMBER_RANGES = {"percent": (0, 100), "degrees": (10, 35), "count": (1, 90), "small": (1, 10),
                  "hour": (1, 12)}  # fmt: skip


class HomeText:
    """An endless source of commands in a language; every name may be one never met before."""

    def __init__(self, language: str, rng: random.Random) -> None:
        self._english, self._rng = language == "en", rng
        self._wide = WideText(language, rng)
        self._intents = _load_intents("en" if self._english else "zh-CN")

    def everyday(self) -> Iterator[str]:
        """Our own templates."""
        rules = everyday.EN_RULES if self._english else everyday.ZH_RULES
        grammar = Grammar(self._fill, rules)
        templates = text.lines("everyday", "en" if self._english else "zh")
        while True:
            for template in self._rng.sample(templates, len(templates)):
                yield grammar.expand(template, self._rng)

    def intents(self) -> Iterator[str]:
        """Home Assistant's sentences, each intent as often as the next."""
        grammar = Grammar(self._fill, self._intents["expansion_rules"])
        blocks = [
            [one for block in intent["data"] for one in block["sentences"]]
            for intent in self._intents["intents"].values()
        ]
        while True:
            template = self._rng.choice(self._rng.choice(blocks))
            words = _as_spoken(grammar.expand(_without_signs(template), self._rng))
            if _SPOKEN.fullmatch(words) and len(words) > 1:
                yield words

    def usual(self) -> Iterator[str]:
        """The short list of the first recipe with its usual names."""
        language = "en" if self._english else "zh"
        yield from (one.words for one in commands.sentences(language, 4000, seed=1))

    def _fill(self, slot: str, rng: random.Random) -> str:
        values = self._intents["lists"].get(slot, {}).get("values")
        if slot in _NUMBER_RANGES or (not values and slot in self._intents["lists"]):
            return self._number_or_words(slot, rng)
        if values and slot != "color":
            return Grammar(self._fill).expand(rng.choice(values)["in"], rng)
        return self._english_word(slot, rng) if self._english else self._mandarin_word(slot, rng)

    def _number_or_words(self, slot: str, rng: random.Random) -> str:
        if self._intents["lists"].get(slot, {}).get("wildcard"):
            item = commands.EN_ITEMS if self._english else commands.ZH_ITEMS
            return rng.choice(item) if rng.random() < 0.3 else self._wide.word()
        number = rng.randint(*_NUMBER_RANGES.get(slot, (0, 100)))
        if self._english:
            return english_number(number)
        if number == 2 and slot in ("count", "small"):
            return "两"
        after_percent = slot in ("percent", "brightness", "position", "fan_speed")
        return "一百" if number == 100 and not after_percent else chinese_number(number)

    def _english_word(self, slot: str, rng: random.Random) -> str:
        usual = rng.random() < _USUAL_NAME
        if slot in ("area", "floor"):
            return rng.choice(commands.EN_ROOMS) if usual else names.english_area(rng)
        if slot in ("thing", "name"):
            if rng.random() < 0.15:
                return f"{self._wide.word()} {rng.choice(['light', 'lamp', 'fan', 'switch'])}"
            both = commands.EN_LIGHTS + commands.EN_DEVICES
            return rng.choice(both) if usual else names.english_thing(rng)
        if slot == "clock":
            return numbers.english_clock(rng)
        table = {"person": names.EN_PEOPLE, "cover": commands.EN_COVERS, "list": everyday.EN_LISTS,
                 "covers": everyday.EN_COVERS, "genre": everyday.EN_GENRES, "day": everyday.EN_DAYS,
                 "verb": everyday.EN_VERBS, "color": everyday.EN_COLORS,
                 "item": commands.EN_ITEMS}.get(slot)  # fmt: skip
        return rng.choice(table) if table and (slot != "item" or usual) else self._wide.word()

    def _mandarin_word(self, slot: str, rng: random.Random) -> str:
        usual = rng.random() < _USUAL_NAME
        if slot in ("area", "floor"):
            return rng.choice(commands.ZH_ROOMS) if usual else names.mandarin_area(rng)
        if slot in ("thing", "name"):
            if rng.random() < 0.15:
                return self._wide.word() + rng.choice(["灯", "开关", "风扇", "插座", "台灯"])
            both = commands.ZH_LIGHTS + commands.ZH_DEVICES
            return rng.choice(both) if usual else names.mandarin_thing(rng)
        if slot == "clock":
            return numbers.mandarin_clock(rng)
        table = {"person": names.ZH_PEOPLE, "color": everyday.ZH_COLORS, "mixed": names.MIXED,
                 "verb": everyday.ZH_VERBS, "day": everyday.ZH_DAYS,
                 "item": commands.ZH_ITEMS}.get(slot)  # fmt: skip
        return rng.choice(table) if table and (slot != "item" or usual) else self._wide.word()


def _load_intents(language: str) -> dict[str, Any]:
    file = resources.files("home_assistant_intents").joinpath(f"data/{language}.json")
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def _without_signs(template: str) -> str:
    """A percent sign is a word in English and said before the number in Mandarin."""
    template = template.replace("[([ ]%)| percent]", " percent").replace("[%| percent]", " percent")
    return template.replace("[百分之]", "百分之").replace("[%]", "")


def _as_spoken(words: str) -> str:
    return re.sub(r"\b(what|where|how|who|when)s\b", r"\1's", words)
