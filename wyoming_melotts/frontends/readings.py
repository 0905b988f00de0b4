"""How names are pronounced: the `readings` of a `home.yaml`.

A reading is written in Pinyin with tones, kana, hangul, ARPAbet, or as an English respelling; which
of them, its letters and the name's tell. Pinyin and ARPAbet are phones; the others are words that
are spoken in place of the name.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NoReturn

import yaml

from wyoming_melotts.frontends.pinyin import syllable_phones
from wyoming_serving.errors import ErrorCode, ServiceError

_CHINESE = re.compile(r"[\u3400-\u9fff]+")
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fc ・]+")
_HANGUL = re.compile(r"[\uac00-\ud7a3 ]+")
_ENGLISH_WORD = re.compile(r"[A-Za-z]+")
_RESPELLING = re.compile(r"[A-Za-z]+(?:[ '-]+[A-Za-z]+)*")
_ARPABET = re.compile(
    r"(?:A[AEHOWY]|E[HRY]|I[HY]|O[WY]|U[HW])[012]|[BDFGKLMNPRSTVWYZ]|CH|DH|HH|JH|NG|SH|TH|ZH"
)
_LONGEST = 1_000
"""Characters of a name or a reading."""
_MOST = 10_000
"""Names; far above any home, and each text is searched for all of them."""

_ALLOWED = (
    "Pinyin with a tone for each character (chong2 qing4), kana, hangul, ARPAbet for an English "
    "word (SH IH0 V AO1 N), or an English respelling (shuh-vawn)"
)

Syllable = tuple[str, str]
"""Initial and final with its tone, as in `pinyin.syllable_phones`."""


@dataclass(frozen=True)
class Readings:
    """Readings of names, by what they are written in."""

    pinyin: Mapping[str, tuple[Syllable, ...]] = field(default_factory=dict)
    arpabet: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By lower-case word."""
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By language (`ja`, `ko`, `en`): what is said in place of a lower-case name."""

    def respelled(self, text: str, language: str) -> str:
        """The text with words in place of names; Chinese voices speak English ones, too."""
        spoken = self.words.get("en" if language == "zh" else language)
        if not spoken:
            return text
        return _any_of(spoken).sub(lambda found: spoken[found[0].lower()], text)

    def chinese_parts(self, text: str) -> Iterator[tuple[str, tuple[Syllable, ...]]]:
        """The parts of a text, names with their syllables, the rest with none."""
        end = 0
        for found in self._any_pinyin.finditer(text) if self.pinyin else ():
            if found.start() > end:
                yield text[end : found.start()], ()
            yield found[0], self.pinyin[found[0]]
            end = found.end()
        if text[end:]:
            yield text[end:], ()

    @cached_property
    def _any_pinyin(self) -> re.Pattern[str]:
        return _any_of(self.pinyin)


NO_READINGS = Readings()


def read_readings(file: Path | None) -> Readings:
    """Read the `readings` of a `home.yaml`; the rest of it is not looked at.

    Raises:
        ServiceError: `home-invalid`, one line with the file, the line, and what is allowed.
    """
    if file is None:
        return NO_READINGS
    try:
        root = yaml.compose(file.expanduser().read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise ServiceError(ErrorCode.HOME_INVALID, f"{file}: cannot be read: {error}") from None
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise ServiceError(ErrorCode.HOME_INVALID, f"{file}: not YAML: {problem}") from None
    return _Reader(file).readings(root)


class _Reader:
    """Turns YAML nodes, which know their lines, into readings."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._pinyin: dict[str, tuple[Syllable, ...]] = {}
        self._arpabet: dict[str, tuple[str, ...]] = {}
        self._words: dict[str, dict[str, str]] = {}

    def readings(self, root: yaml.Node | None) -> Readings:
        for key, value in self._pairs(root, "the file"):
            if key.value == "readings":
                for name, readings in self._pairs(value, "readings"):
                    for one in readings.value if _is_list(readings) else (readings,):
                        self._read(self._text(name), self._text(one), one)
        return Readings(self._pinyin, self._arpabet, self._words)

    def _read(self, name: str, reading: str, node: yaml.Node) -> None:
        said = reading.split()
        if _CHINESE.fullmatch(name) and (syllables := _syllables(said)):
            if len(syllables) != len(name):
                self._fail(node, f"{name!r} has {len(name)} characters, its reading {len(said)}")
            self._pinyin[name] = syllables
        elif _KANA.fullmatch(reading):
            self._words.setdefault("ja", {})[name.lower()] = reading
        elif _HANGUL.fullmatch(reading):
            self._words.setdefault("ko", {})[name.lower()] = reading
        elif _ENGLISH_WORD.fullmatch(name) and all(map(_ARPABET.fullmatch, said)):
            self._arpabet[name.lower()] = tuple(said)
        elif not _CHINESE.search(name) and _RESPELLING.fullmatch(reading):
            self._words.setdefault("en", {})[name.lower()] = reading.lower().replace("-", " ")
        else:
            self._fail(node, f"{reading!r} is no reading of {name!r}")

    def _pairs(self, node: yaml.Node | None, what: str) -> list[tuple[yaml.Node, yaml.Node]]:
        if node is None or node.tag == "tag:yaml.org,2002:null":
            return []
        if not isinstance(node, yaml.MappingNode):
            self._fail(node, f"{what} must be a mapping")
        if len(node.value) > _MOST:
            self._fail(node, f"{what} has {len(node.value)} entries, of at most {_MOST}")
        return list(node.value)

    def _text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode) or not 1 <= len(node.value.strip()) <= _LONGEST:
            self._fail(node, f"names and readings are texts of 1 to {_LONGEST} characters")
        return " ".join(str(node.value).split())

    def _fail(self, node: yaml.Node, problem: str) -> NoReturn:
        where = f"{self._file}, line {node.start_mark.line + 1}"
        raise ServiceError(ErrorCode.HOME_INVALID, f"{where}: {problem}; allowed: {_ALLOWED}")


def _is_list(node: yaml.Node) -> bool:
    return isinstance(node, yaml.SequenceNode)


def _syllables(said: list[str]) -> tuple[Syllable, ...]:
    """Pinyin as initials and finals; none if anything in it is no syllable, or lacks its tone.

    With tone marks, a syllable without one is neutral.
    """
    has_tones = all(one[-1] in "012345" for one in said) or not "".join(said).isascii()
    if not has_tones or not all(one.rstrip("012345").isalpha() for one in said):
        return ()
    from pypinyin.contrib.tone_convert import to_finals_tone3, to_initials

    found: list[Syllable] = []
    for one in said:
        plain = one.lower().replace("0", "5")
        initial = to_initials(plain, strict=True)
        final = to_finals_tone3(plain, strict=True, neutral_tone_with_five=True)
        if not syllable_phones(initial, final[:-1]):
            return ()
        found.append((initial, final))
    return tuple(found)


def _any_of(names: Mapping[str, object]) -> re.Pattern[str]:
    """Any of the names, the longest first, Latin ones as whole words."""
    longest = sorted(names, key=len, reverse=True)
    parts = [
        rf"(?<![A-Za-z]){re.escape(one)}(?![A-Za-z])" if one.isascii() else re.escape(one)
        for one in longest
    ]
    return re.compile("|".join(parts), re.IGNORECASE)
