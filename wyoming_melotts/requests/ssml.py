"""A plain subset of SSML 1.1 (https://www.w3.org/TR/speech-synthesis11/), read without a tree.

`break` becomes a pause, `sub` its alias, `say-as` with characters, spell-out or digits is spelled,
`p` and `s` end sentences, `prosody rate` is the speed; of every other element the text is read.
A document type, and with it every entity that a document could define, is refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from wyoming_melotts.requests.text import Pause, SpokenText, TextPart
from wyoming_serving.errors import InvalidEvent

LONGEST_PAUSE_SECONDS = 10.0
_STRENGTHS = {
    "none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.7, "x-strong": 1.0,
}  # fmt: skip
_RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.6}
_SLOWEST, _FASTEST = 0.3, 3.0
_TIME = re.compile(r"(\d{0,6}(?:\.\d{1,6})?)(ms|s)")
_PERCENT = re.compile(r"([+-]?)(\d{1,4}(?:\.\d{1,6})?)%")
_SPELLED = ("characters", "spell-out", "digits", "telephone")
_UNSPOKEN = ("metadata", "meta", "lexicon", "lookup", "desc")
_SENTENCE_END = "\n\n"


def parse_ssml(text: str) -> list[TextPart]:
    """The spoken texts and the pauses of a document, with or without its `speak` element.

    Raises:
        InvalidEvent: it is not XML, or has a document type.
    """
    document = text.strip()
    if not re.match(r"<\?xml|<(?:\w+:)?speak[\s>/]|<!", document):
        document = f"<speak>{document}</speak>"
    return _Reader().read(document)


@dataclass(frozen=True)
class _Element:
    name: str
    speed: float = 1.0
    spelled: bool = False
    silent: bool = False


@dataclass
class _Reader:
    """Follows a document from its beginning to its end."""

    parts: list[TextPart] = field(default_factory=list)
    open: list[_Element] = field(default_factory=lambda: [_Element("")])
    text: list[str] = field(default_factory=list)

    def read(self, document: str) -> list[TextPart]:
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._take
        try:
            parser.Parse(document.encode(errors="replace"), True)
        except expat.ExpatError as error:
            reason = f"{expat.ErrorString(error.code)} in line {error.lineno}"
            raise InvalidEvent(f"synthesize: text is not SSML: {reason}") from None
        self._flush()
        return self.parts

    def _begin(self, qualified_name: str, attributes: Mapping[str, str]) -> None:
        name = qualified_name.rpartition(":")[2]
        around = self.open[-1]
        speed, spelled = around.speed, around.spelled
        silent = around.silent or name in _UNSPOKEN
        if name == "break" and not silent:
            self._flush()
            self.parts.append(Pause(_pause_seconds(attributes)))
        elif name == "sub" and "alias" in attributes and not silent:
            self.text.append(attributes["alias"])
            silent = True
        elif name == "say-as":
            spelled = attributes.get("interpret-as") in _SPELLED
        elif name == "prosody" and "rate" in attributes:
            self._flush()
            speed = _speed(attributes["rate"], around.speed)
        elif name in ("p", "s"):
            self.text.append(_SENTENCE_END)
        self.open.append(_Element(name, speed, spelled, silent))

    def _end(self, _: str) -> None:
        element = self.open[-1]
        if element.speed != self.open[-2].speed:
            self._flush()
        if element.name in ("p", "s"):
            self.text.append(_SENTENCE_END)
        self.open.pop()

    def _take(self, text: str) -> None:
        element = self.open[-1]
        if not element.silent:
            self.text.append(" ".join(text) if element.spelled else re.sub(r"\s+", " ", text))

    def _flush(self) -> None:
        text = "".join(self.text)
        if text.strip():
            self.parts.append(SpokenText(text, self.open[-1].speed))
        self.text.clear()


def _refuse_doctype(*_: object) -> None:
    raise InvalidEvent("synthesize: SSML with a document type is not read")


def _pause_seconds(attributes: Mapping[str, str]) -> float:
    time = _TIME.fullmatch(attributes.get("time", "").strip())
    if time and time[1]:
        seconds = float(time[1]) / (1000 if time[2] == "ms" else 1)
        return min(seconds, LONGEST_PAUSE_SECONDS)
    return _STRENGTHS.get(attributes.get("strength", ""), _STRENGTHS["medium"])


def _speed(rate: str, around: float) -> float:
    """The speed that a rate stands for; what is not understood changes nothing."""
    percent = _PERCENT.fullmatch(rate.strip())
    if percent:
        share = float(percent[2]) / 100
        factor = {"": share, "+": 1 + share, "-": 1 - share}[percent[1]]
    else:
        try:
            factor = _RATES[rate] if rate in _RATES else float(rate)
        except ValueError:
            return around
    if not factor > 0:
        return around
    return min(max(around * factor, _SLOWEST), _FASTEST)
