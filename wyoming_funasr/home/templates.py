"""Home Assistant's templates, found fast: which of some thousand sentences may a text be?

Each template becomes a regular expression over texts in which marks stand for names. It matches at
least what the template matches, and is tried only where the words that the template cannot do
without are in the text. What is left is for hassil to judge.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from wyoming_funasr.home.mentions import KINDS, MARKS, Form, HomeNames
from wyoming_funasr.home.writing import compact, folded

_DEEPEST = 24
_KINDS = frozenset(KINDS)
_ANY = r".{1,60}?"


@dataclass(frozen=True)
class _Template:
    intent: str
    data: Any
    """A block (hassil's `IntentData`) with this sentence alone."""
    needed: frozenset[str]
    """Of `KINDS` those without which the sentence cannot be."""
    possible: frozenset[str]
    """Of `KINDS` all that may be in it."""
    domains: frozenset[str]
    """Domains of its names; empty for all."""

    alike: int
    """The same number for templates of which `may_be` says the same."""

    def may_be(self, form: Form) -> bool:
        """Whether the form has names of the kinds that the sentence has room for."""
        if not self.needed <= form.kinds <= self.possible:
            return False
        return not (self.domains and form.domains and self.domains.isdisjoint(form.domains))


class Templates:
    """Sentences of a language, the same in every home."""

    def __init__(self, blocks: Sequence[tuple[str, Any]], intents: Any) -> None:
        """`blocks`: intents by name with hassil's `IntentData`."""
        self._intents = intents
        self._alike: dict[tuple[frozenset[str], ...], int] = {}
        clauses: dict[frozenset[str], int] = {}
        by_clauses: dict[int, list[tuple[int, _Template]]] = {}
        for number, (bits, template) in enumerate(self._read(blocks, clauses)):
            by_clauses.setdefault(bits, []).append((number, template))
        self._by_clause = _by_rarest(by_clauses)
        words: dict[str, int] = {}
        for clause, bit in clauses.items():
            for word in clause:
                words[word] = words.get(word, 0) | bit
        self._words: dict[str, list[tuple[str, int]]] = {}
        """The words of clauses with the clauses' bits, by their first two characters."""
        for word, bits in words.items():
            self._words.setdefault(word[:2], []).append((word, bits))
        self._patterns: dict[int, re.Pattern[str]] = {}
        skipped = sorted(intents.skip_words, key=len, reverse=True)
        pattern = "|".join(re.escape(word.casefold()) for word in skipped)
        self._skip = re.compile(pattern) if pattern else None

    def possible(self, text: str, names: HomeNames) -> Iterator[tuple[str, Any]]:
        """The sentences that a text may be in a home, as blocks of one sentence each."""
        written = self._written(text)
        bare = self.bare(text)
        there = self._clauses_in("\n".join((*written, *bare)))
        forms = [form for one in bare for form in names.forms(one)]
        fitting: dict[int, list[str]] = {}
        for clause, groups in self._by_clause.items():
            if clause & there != clause:
                continue
            for bits, templates in groups:
                for number, template in templates if bits & there == bits else ():
                    some = fitting.get(template.alike)
                    if some is None:
                        some = [form.text for form in forms if template.may_be(form)]
                        fitting[template.alike] = some
                    if some and any(map(self._pattern(number, template).fullmatch, some)):
                        yield template.intent, template.data

    def bare(self, text: str) -> tuple[str, ...]:
        """The compact text, and the same without the words that hassil skips."""
        return tuple(dict.fromkeys(map(compact, self._written(text))))

    def _written(self, text: str) -> list[str]:
        written = [folded(text)]
        if self._skip is not None:
            written.append(" ".join(self._skip.sub(" ", written[0]).split()))
        return written

    def _clauses_in(self, text: str) -> int:
        there = 0
        starts = {text[place : place + 2] for place in range(len(text))} | set(text)
        for start in starts & self._words.keys():
            for word, bits in self._words[start]:
                if word in text:
                    there |= bits
        return there

    def _read(
        self, blocks: Sequence[tuple[str, Any]], clauses: dict[frozenset[str], int]
    ) -> Iterator[tuple[int, _Template]]:
        """Each template, and the bits of the clauses of each of which its text needs a word."""
        for intent, data in blocks:
            yield from self._of_block(intent, data, clauses)

    def _of_block(
        self, intent: str, data: Any, clauses: dict[frozenset[str], int]
    ) -> Iterator[tuple[int, _Template]]:
        from dataclasses import replace

        rules = {**self._intents.expansion_rules, **data.expansion_rules}
        context = data.requires_context.get("domain", ())
        domains = frozenset((context,) if isinstance(context, str) else context)
        for text in data.sentence_texts:
            alone = replace(data, sentence_texts=[text])
            bits = 0
            for clause in alone.sentences[0].get_required_clauses(rules):
                bits |= clauses.setdefault(clause, 1 << len(clauses))
            expression = alone.sentences[0].expression
            needed = _needed_lists(expression, rules) & _KINDS
            possible = all_lists(expression, rules) & _KINDS
            number = self._alike.setdefault((needed, possible, domains), len(self._alike))
            yield bits, _Template(intent, alone, needed, possible, domains, number)

    def _pattern(self, number: int, template: _Template) -> re.Pattern[str]:
        if number not in self._patterns:
            data = template.data
            rules = {**self._intents.expansion_rules, **data.expansion_rules}
            lists = {**self._intents.slot_lists, **data.slot_lists}
            writer = _PatternWriter(rules, lists)
            self._patterns[number] = re.compile(writer.write(data.sentences[0].expression))
        return self._patterns[number]


_Group = tuple[int, list[tuple[int, _Template]]]
"""Templates with their numbers, and the bits of the clauses that all of them need."""


def _by_rarest(groups: dict[int, list[tuple[int, _Template]]]) -> dict[int, list[_Group]]:
    """The groups by the one of their clauses that the fewest groups need; 0 for no clause."""
    needed = Counter(bit for bits in groups for bit in _single_bits(bits))
    found: dict[int, list[_Group]] = {}
    for bits, templates in groups.items():
        rarest = min(_single_bits(bits), key=lambda bit: needed[bit], default=0)
        found.setdefault(rarest, []).append((bits, templates))
    return found


def _single_bits(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest
        bits ^= lowest


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


def all_lists(expression: Any, rules: dict[str, Any], depth: int = 0) -> frozenset[str]:
    """The lists of which a sentence of an expression may have a value."""
    from hassil.expression import Group, ListReference, RuleReference

    if isinstance(expression, ListReference):
        return frozenset((expression.list_name,))
    if isinstance(expression, RuleReference):
        body = rules.get(expression.rule_name)
        if body is None or depth > _DEEPEST:
            return frozenset(KINDS)
        return all_lists(body.expression, rules, depth + 1)
    if not isinstance(expression, Group):
        return frozenset()
    return frozenset().union(*(all_lists(item, rules, depth + 1) for item in expression.items))


@dataclass(frozen=True)
class _PatternWriter:
    """Writes patterns over compact texts with marks for names."""

    rules: dict[str, Any]
    lists: dict[str, Any]

    def write(self, expression: Any, depth: int = 0) -> str:
        """The pattern of an expression."""
        from hassil.expression import (
            Alternative,
            ListReference,
            Permutation,
            RuleReference,
            TextChunk,
        )

        if isinstance(expression, TextChunk):
            return re.escape(compact(expression.text))
        if isinstance(expression, ListReference):
            return self._listed(expression, depth)
        if isinstance(expression, RuleReference):
            body = self.rules.get(expression.rule_name)
            if body is None or depth > _DEEPEST:
                return ".*"
            return self.write(body.expression, depth + 1)
        parts = [self.write(item, depth + 1) for item in expression.items]
        if isinstance(expression, Alternative):
            return _any_of(parts)
        if isinstance(expression, Permutation):
            return f"(?:{'|'.join(parts)}){{{len(parts)}}}"
        return "".join(parts)

    def _listed(self, reference: Any, depth: int) -> str:
        from hassil.intents import TextSlotList

        if reference.list_name in MARKS:
            return MARKS[reference.list_name]
        values = self.lists.get(reference.list_name)
        if not isinstance(values, TextSlotList) or depth > _DEEPEST:
            return _ANY
        return _any_of(self.write(one.text_in, depth + 1) for one in values.values)


def _any_of(patterns: Iterable[str]) -> str:
    return f"(?:{'|'.join(dict.fromkeys(patterns))})"
