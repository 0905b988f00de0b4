"""Home Assistant's templates, found fast: which of some thousand sentences may a text be?

Each template becomes a regular expression that matches at least what the template matches, tried
only where the words that it cannot do without are in the text. What is left is for hassil to judge.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from wyoming_funasr.home.description import Home, names_of

_DEEPEST = 24
_ANY = r".{1,60}?"
_NAMED = (("name", "entities"), ("area", "areas"), ("floor", "floors"))
_KINDS = frozenset(kind for kind, _ in _NAMED)
_MARKS = re.compile(r"[-_.。,，?¿？؟!¡！;；:：’'\"]+")


@dataclass(frozen=True)
class _Template:
    intent: str
    data: Any
    """A block (hassil's `IntentData`) with this sentence alone."""
    words: frozenset[int]
    """Clauses, by number, of each of which the text needs a word."""
    lists: frozenset[str]
    """Of `name`, `area` and `floor` those without which the sentence cannot be."""
    domains: frozenset[str]
    """Domains of its names; empty for all."""


class Templates:
    """All sentences of a language."""

    def __init__(self, blocks: Sequence[tuple[str, Any]], intents: Any, home: Home) -> None:
        """`blocks`: intents by name with hassil's `IntentData`."""
        self._names = [
            (compact, kind, domain)
            for kind, entries in _NAMED
            for one in getattr(home, entries)
            for name in names_of(one)
            if (compact := _plain(name).replace(" ", ""))
            for domain in [getattr(one, "domain", "")]
        ]
        self._intents = intents
        self._clauses: dict[frozenset[str], int] = {}
        self._templates = [
            template for intent, data in blocks for template in self._of_block(intent, data)
        ]
        self._patterns: dict[int, re.Pattern[str]] = {}
        skipped = sorted(intents.skip_words, key=len, reverse=True)
        words = "|".join(re.escape(word.casefold()) for word in skipped)
        self._skip = re.compile(words) if words else None

    def possible(self, text: str) -> Iterator[tuple[str, Any]]:
        """The sentences that a text may be, as blocks of one sentence each."""
        folded = _plain(text)
        forms = [folded]
        if self._skip is not None:
            without = " ".join(self._skip.sub(" ", folded).split())
            forms += [without] if without != folded else []
        compact = [form.replace(" ", "") for form in forms]
        haystack = "\n".join((*forms, *compact))
        there = {
            number
            for clause, number in self._clauses.items()
            if any(word in haystack for word in clause)
        }
        named = {
            (kind, domain)
            for compact_name, kind, domain in self._names
            if any(compact_name in form for form in compact)
        }
        kinds = {kind for kind, _ in named}
        domains = {domain for kind, domain in named if kind == "name"}
        for number, template in enumerate(self._templates):
            if (
                template.words <= there
                and template.lists <= kinds
                and not (
                    template.domains
                    and "name" in template.lists
                    and template.domains.isdisjoint(domains)
                )
            ):
                pattern = self._pattern(number, template)
                if any(pattern.fullmatch(form) for form in compact):
                    yield template.intent, template.data

    def _of_block(self, intent: str, data: Any) -> Iterator[_Template]:
        from dataclasses import replace

        rules = {**self._intents.expansion_rules, **data.expansion_rules}
        context = data.requires_context.get("domain", ())
        domains = frozenset((context,) if isinstance(context, str) else context)
        for text in data.sentence_texts:
            alone = replace(data, sentence_texts=[text])
            clauses = alone.sentences[0].get_required_clauses(rules)
            numbers = (self._clauses.setdefault(one, len(self._clauses)) for one in clauses)
            lists = _needed_lists(alone.sentences[0].expression, rules)
            yield _Template(intent, alone, frozenset(numbers), lists & _KINDS, domains)

    def _pattern(self, number: int, template: _Template) -> re.Pattern[str]:
        if number not in self._patterns:
            rules = {**self._intents.expansion_rules, **template.data.expansion_rules}
            expression = template.data.sentences[0].expression
            self._patterns[number] = re.compile(_regex(expression, rules))
        return self._patterns[number]


def _needed_lists(expression: Any, rules: dict[str, Any], depth: int = 0) -> frozenset[str]:
    """The lists of which every sentence of an expression has a value."""
    from hassil.expression import Alternative, Group, ListReference, RuleReference

    if isinstance(expression, ListReference):
        return frozenset((expression.list_name,))
    if isinstance(expression, RuleReference):
        body = rules.get(expression.rule_name)
        if body is None or depth > _DEEPEST:
            return frozenset()
        return _needed_lists(body.expression, rules, depth + 1)
    if not isinstance(expression, Group) or not expression.items:
        return frozenset()
    parts = [_needed_lists(item, rules, depth + 1) for item in expression.items]
    if isinstance(expression, Alternative):
        return frozenset.intersection(*parts)
    return frozenset.union(*parts)


def _regex(expression: Any, rules: dict[str, Any], depth: int = 0) -> str:
    """A pattern over text without spaces."""
    from hassil.expression import Alternative, ListReference, Permutation, RuleReference, TextChunk

    if isinstance(expression, TextChunk):
        return re.escape(_plain(expression.text).replace(" ", ""))
    if isinstance(expression, ListReference):
        return _ANY
    if isinstance(expression, RuleReference):
        body = rules.get(expression.rule_name)
        if body is None or depth > _DEEPEST:
            return ".*"
        return _regex(body.expression, rules, depth + 1)
    parts = [_regex(item, rules, depth + 1) for item in expression.items]
    if isinstance(expression, Alternative):
        return f"(?:{'|'.join(dict.fromkeys(parts))})"
    if isinstance(expression, Permutation):
        return f"(?:{'|'.join(parts)}){{{len(parts)}}}"
    return "".join(parts)


def _plain(text: str) -> str:
    return " ".join(_MARKS.sub(" ", text.casefold()).split())
