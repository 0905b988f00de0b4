"""How alike two texts sound: phones of Mandarin and, roughly, of English, and their distance.

Mandarin is read by pypinyin, tones left out; English by a few spelling rules, enough to find that
two spellings may be one sound, not to say what sound that is.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from wyoming_funasr.home.writing import is_cjk, spoken

Phones = tuple[str, ...]

_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")

_CLOSE = {
    frozenset(pair.split()): distance
    for distance, pairs in (
        (0.1, "z zh,c ch,s sh,n l,in ing,en eng,an ang,ian iang,uan uang,un ong,o uo,u w,i y"),
        (0.25, "l r,f h,j zh,q ch,x sh,b p,d t,g k,j q,zh ch,z c,z j,c q,s x,e er,ou uo,v u,ie ve"),
        (0.25, "p b,t d,k g,f v,s z,S Z,T s,T f,D d,D z,S s,C S,J Z,C J,w v,m n,n N,r l"),
        (0.4, "m n,h k,i ei,u ou,ao ou,ai ei,a e,ao a,uo u,ui ei,iu ou,ia a,C t,J d,h f,w u"),
    )
    for pair in pairs.split(",")
}
_VOWELS = frozenset("AEIOU")
_WEAK = frozenset("AEIOUhyw") | {"y", "w"}

_ENGLISH = [
    (re.compile(pattern), phones)
    for pattern, phones in (
        (r"tion|sion|cian", "S I n"),
        (r"tch|ch", "C"),
        (r"sh", "S"),
        (r"th", "T"),
        (r"ph", "f"),
        (r"^kn|^gn", "n"),
        (r"^wr", "r"),
        (r"^wh|wh", "w"),
        (r"igh", "A"),
        (r"ough|augh", "O"),
        (r"gh", ""),
        (r"dge|j", "J"),
        (r"ck|cc(?![eiy])|q|kk", "k"),
        (r"qu", "k w"),
        (r"c(?=[eiy])", "s"),
        (r"g(?=[eiy])", "J"),
        (r"ng", "N"),
        (r"x", "k s"),
        (r"c|k", "k"),
        (r"(?<=.)mb$", "m"),
        (r"(?<=[^aeiou])le$", "U l"),
        (r"(?<=[a-z]{2})e$", ""),
        (r"ee|ea|ie|ey|(?<=.)y$|i(?=e)", "I"),
        (r"oo|ou|ew|ue|ui|u", "U"),
        (r"oa|ow|oe|o|au|aw", "O"),
        (r"ai|ay|ei|a", "A"),
        (r"e", "E"),
        (r"i|(?<=[^aeiou])y(?=[^aeiou])", "I"),
        (r"([bdfglmnprstvz])\1", r"\1"),
        (r"[a-z]", r"\g<0>"),
        (r".", ""),
    )
]


def phones(text: str) -> list[Phones]:
    """The phones of each unit of a text: of each Chinese character, of each other word."""
    return [_of_unit(unit) for unit in units(text)]


@lru_cache(maxsize=20_000)
def sound(text: str, language: str) -> Phones:
    """The phones of a whole text, which may be written in any way."""
    return _flat(phones(spoken(text, language)))


def units(text: str) -> list[str]:
    """The text in units: single CJK characters, and words of other scripts."""
    found: list[str] = []
    for word in text.split():
        run = ""
        for character in word:
            if is_cjk(character):
                found += [run] if run else []
                found.append(character)
                run = ""
            else:
                run += character
        found += [run] if run else []
    return found


@lru_cache(maxsize=50_000)
def _of_unit(unit: str) -> Phones:
    return syllable(pinyin(unit)) if is_cjk(unit[0]) else _english(unit.lower())


@lru_cache(maxsize=50_000)
def pinyin(character: str) -> str:
    """The usual reading of a Chinese character without its tone; itself where it has none."""
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin(character, style=Style.NORMAL, v_to_u=False))


@lru_cache(maxsize=2_000)
def syllable(reading: str) -> Phones:
    """A pinyin syllable as initial and final."""
    for initial in _INITIALS:
        if reading.startswith(initial) and len(reading) > len(initial):
            final = reading[len(initial) :]
            if initial in "jqxy" and final.startswith("u"):
                final = "v" + final[1:]
            return (initial, final)
    return (reading,) if reading else ()


def _english(word: str) -> Phones:
    found: list[str] = []
    place = 0
    while place < len(word):
        for pattern, said in _ENGLISH:
            match = pattern.match(word, place)
            if match and match.end() > place:
                found += match.expand(said).split()
                place = match.end()
                break
        else:
            place += 1
    return tuple(found)


@lru_cache(maxsize=20_000)
def phone_distance(one: str, other: str) -> float:
    """From 0 (the same) to 1 (nothing alike)."""
    if one == other:
        return 0.0
    close = _CLOSE.get(frozenset((one, other)))
    if close is not None:
        return close
    if one in _VOWELS and other in _VOWELS:
        return 0.3
    if len(one) + len(other) > 2 and set(one) & set(other) and one[0] in "aeiouv":
        return 0.6  # finals that share a part
    return 1.0


def phone_weight(phone: str) -> float:
    """What it costs to leave a phone out, or to put it in."""
    return 0.4 if phone in _WEAK else 0.8


@lru_cache(maxsize=50_000)
def distance(one: Phones, other: Phones) -> float:
    """The weighted edit distance of two sequences of phones."""
    row = [0.0]
    for phone in other:
        row.append(row[-1] + phone_weight(phone))
    for phone in one:
        last, row = row, [row[0] + phone_weight(phone)]
        for i, against in enumerate(other):
            row.append(
                min(
                    last[i] + phone_distance(phone, against),
                    last[i + 1] + phone_weight(phone),
                    row[i] + phone_weight(against),
                )
            )
    return row[-1]


def unlikeness(one: Sequence[Phones], other: Sequence[Phones]) -> float:
    """The distance of two texts by their units' phones, for each phone of the longer: 0 to 1."""
    flat, against = _flat(one), _flat(other)
    longest = max(len(flat), len(against))
    return distance(flat, against) / longest if longest else 0.0


def _flat(parts: Iterable[Phones]) -> Phones:
    return tuple(phone for part in parts for phone in part)


def syllables(text: str) -> int:
    """About how many syllables a text has."""
    return sum(
        1 if is_cjk(unit[0]) else max(1, sum(phone in _VOWELS for phone in _of_unit(unit)))
        for unit in units(text)
    )
