"""Which of the texts that may have been said is it, in this home?

Candidates come from the beam search and from names put where the text is unsure. Each has a score
of four parts: the acoustics, the language model, the likeness of sound of a name, and how well its
length fits the speech. One that Home Assistant acts on is preferred unless it is clearly worse.
Where two that do different things are close, or are opposites, the acoustics alone decide, and the
choice says so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from wyoming_funasr.home.commands import Command, Commands
from wyoming_funasr.home.language_model import LanguageModel
from wyoming_funasr.home.names import Names, Replacement, Unit, join_units, path_score, units_of
from wyoming_funasr.home.opposites import opposites
from wyoming_funasr.home.sounds import Phones, distance, phones, syllables
from wyoming_funasr.home.vocabulary import Vocabulary
from wyoming_funasr.home.writing import spoken
from wyoming_funasr.recognition.beam import Hypothesis, Lean, Together, Weighted, search
from wyoming_funasr.recognition.ctc import LogProbs, greedy
from wyoming_funasr.recognition.home import Tokens

WEIGHT, BONUS = 0.6, 1.5
"""Of the language model: for its log probability, and for each token."""

_NAME_COST, _SOUND_WEIGHT = 2.0, 2.5
"""Nats that a name put in costs: always, and for each unit of distance of its sound."""

_LENGTH_SPREAD = 0.25
_SYLLABLE_SECONDS = {"en": 0.24, "zh": 0.21, "ja": 0.17, "ko": 0.19}
"""Of Japanese and Korean: of a character, as they are counted."""
_LONGEST_GAP_SECONDS = 0.3
"""A longer gap between tokens is a pause, which says nothing of the length of the words."""

_COMMAND_WORTH = 4.0
"""Nats by which a text that Home Assistant acts on may be behind another."""

_CLEAR = 4.0
"""Nats between two commands that do different things; closer ones are ambiguous. Between two
commands the sound counts twice: a likelier sentence must not outweigh a name that sounds nearer."""

_CLEAR_OPPOSITE = 2.5
"""Nats between the paths of two commands that differ in a word and its opposite."""

_LONGEST = 0.3
"""Log of speech length by expected length above which words must have been left out."""

_MOST_LOST = 0.3
"""Nats a frame by which the acoustics of a command may be behind the best."""

_CARRIERS = 3
_MOST_SCORED = 40
_MOST_CHECKED = 20


@dataclass(frozen=True)
class Choice:
    """The text that was chosen; `alternatives` are other commands that it may have been."""

    text: str
    tokens: tuple[int, ...]
    command: Command | None = None
    alternatives: tuple[str, ...] = ()

    @property
    def intent(self) -> str | None:
        """What Home Assistant would do."""
        return self.command.intent if self.command else None

    @property
    def ambiguous(self) -> bool:
        """Whether another command was about as likely."""
        return bool(self.alternatives)


@dataclass(frozen=True)
class _Candidate:
    text: str
    tokens: tuple[int, ...]
    acoustic: float
    """Log probability of the frames, less what an unlike sound costs."""
    score: float
    overlong: float
    """Log of the length of the speech by that of the text."""


@dataclass(frozen=True)
class _Understood:
    candidate: _Candidate
    text: str
    """In the words that Home Assistant understands."""
    command: Command
    apart: float = 0.0
    """Distance of its sound from what was heard (`sounds.distance`)."""

    def ahead_of(self, other: "_Understood") -> float:
        """Nats by which it is the better of two commands."""
        nearer = other.apart - self.apart
        return self.candidate.score - other.candidate.score + _SOUND_WEIGHT * nearer


class Chooser:
    """Decides in one language; holds no state of an utterance."""

    def __init__(
        self,
        language: str,
        model: Tokens,
        vocabulary: Vocabulary,
        language_model: LanguageModel,
        names: Names,
        commands: Commands,
    ) -> None:
        self._language = language
        self._model = model
        self._vocabulary = vocabulary
        self._lean = Weighted(language_model, WEIGHT, BONUS)
        self._names = names
        self._commands = commands
        family = "zh" if language[:2] in ("zh", "yu") else language[:2]
        self._syllable_seconds = _SYLLABLE_SECONDS[family]

    def choose(self, log_probs: LogProbs, also: Lean | None = None) -> Choice:
        """The text of an utterance; `log_probs` of the speech, shape [frames, vocabulary].

        `also` is a further lean, such as a request's hotwords.
        """
        if not len(log_probs):
            return Choice("", ())
        model = self._model
        lean = self._lean if also is None else Together((self._lean, also))
        heard = tuple(token.token for token in greedy(log_probs, model.blank))
        plain = Hypothesis(heard, path_score(log_probs, heard, model.blank) or -1e9, 0.0)
        found = search(log_probs, model.blank, lean)
        length = self._length(log_probs)
        acoustic = self._candidate(model.write(heard), heard, plain.acoustic, length, lean)
        leaned = self._candidate(
            model.write(found[0].tokens), found[0].tokens, found[0].acoustic, length, lean
        )
        said = self._understand(acoustic)
        if said is not None and acoustic.overlong <= _LONGEST:
            # what was heard is a command of this home: no likelier one takes its place
            return self._settled(log_probs, said, ())
        candidates = self._candidates(log_probs, [plain, *found], length, lean)
        return self._decide(log_probs, acoustic, leaned, candidates)

    def _decide(
        self,
        log_probs: LogProbs,
        acoustic: _Candidate,
        leaned: _Candidate,
        candidates: list[_Candidate],
    ) -> Choice:
        understood = self._understood(candidates, acoustic.text)
        plain = self._understand(acoustic)
        if not understood:
            return Choice(leaned.text, leaned.tokens)
        best = understood[0]
        others = [one.text for one in understood[1:] if best.ahead_of(one) < _CLEAR]
        if plain is not None and (best.command.same_as(plain.command) or others):
            return self._settled(log_probs, plain, tuple(t for t in others if t != plain.text))
        if others:
            heard = acoustic if self._understand(leaned) else leaned
            return Choice(heard.text, heard.tokens, None, (best.text, *others))
        ceiling = max(one.acoustic for one in (acoustic, *candidates))
        lost = (ceiling - best.candidate.acoustic) / len(log_probs)
        behind = max(leaned.score, acoustic.score) - best.candidate.score
        if behind > _COMMAND_WORTH or lost > _MOST_LOST or best.candidate.overlong > _LONGEST:
            refused = self._understand(leaned)
            heard = acoustic if refused is not None and refused is not plain else leaned
            return Choice(heard.text, heard.tokens)
        return self._settled(log_probs, best, ())

    def _settled(self, log_probs: LogProbs, chosen: _Understood, others: tuple[str, ...]) -> Choice:
        """The command, or its opposite where that is what the acoustics say."""
        score = self._path(log_probs, chosen.candidate.text)
        best, best_score = chosen, score
        rivals: list[tuple[float, str]] = []
        for text in opposites(chosen.candidate.text, self._language):
            against = self._path(log_probs, text)
            if against < score - _CLEAR_OPPOSITE:
                continue
            rival = self._understand(_Candidate(text, (), against, 0.0, 0.0))
            if rival is None or rival.command.same_as(chosen.command):
                continue
            rivals.append((against, rival.text))
            if against > best_score:
                best, best_score = rival, against
        alternatives = [text for against, text in rivals if text != best.text]
        if best is not chosen:
            alternatives.append(chosen.text)
        return Choice(
            best.text,
            best.candidate.tokens or chosen.candidate.tokens,
            best.command,
            tuple(dict.fromkeys((*alternatives, *others))),
        )

    def _understood(self, candidates: list[_Candidate], heard: str) -> list[_Understood]:
        """The best command among the candidates, and those that may rival it, best first."""
        found: list[_Understood] = []
        said = self._sound(heard)
        lowest = -math.inf
        for one in candidates[:_MOST_CHECKED]:
            if one.score < lowest:
                break
            understood = self._understand(one)
            if understood and not any(understood.command.same_as(u.command) for u in found):
                understood = replace(understood, apart=distance(said, self._sound(one.text)))
                found.append(understood)
                lowest = found[0].candidate.score - _CLEAR - _SOUND_WEIGHT * found[0].apart
        return found

    def _sound(self, text: str) -> Phones:
        return tuple(phone for unit in phones(spoken(text, self._language)) for phone in unit)

    def _understand(self, one: _Candidate) -> _Understood | None:
        text = self._commands.phrase(one.text)
        command = self._commands.understand(text) if text else None
        return _Understood(one, text, command) if text and command else None

    def _candidates(
        self, log_probs: LogProbs, hypotheses: list[Hypothesis], length: float, lean: Lean
    ) -> list[_Candidate]:
        """Every text worth a look, best first."""
        found: dict[str, _Candidate] = {}
        carriers = [hypotheses[0], *hypotheses[1:_CARRIERS]]
        for one in hypotheses:
            text = self._model.write(one.tokens)
            self._add(found, self._candidate(text, one.tokens, one.acoustic, length, lean))
        for one in carriers:
            units = units_of(log_probs, one.tokens, self._model.pieces, self._model.blank)
            near = self._names.replacements(log_probs, units, self._model.blank)
            near.sort(key=lambda r: r.own + _SOUND_WEIGHT * r.apart)
            for replacement in near[:_MOST_SCORED]:
                text, tokens = _replaced(units, replacement)
                change = -replacement.own - _SOUND_WEIGHT * replacement.apart - _NAME_COST
                score = one.acoustic + change
                self._add(found, self._candidate(text, tokens, score, length, lean))
        return sorted(found.values(), key=lambda one: one.score, reverse=True)

    @staticmethod
    def _add(found: dict[str, _Candidate], one: _Candidate) -> None:
        key = _plain(one.text)
        if key not in found or found[key].score < one.score:
            found[key] = one

    def _candidate(
        self, text: str, tokens: tuple[int, ...], acoustic: float, length: float, lean: Lean
    ) -> _Candidate:
        state, leaning = lean.start(), 0.0
        for token in tokens:
            state, more = lean.extend(state, token)
            leaning += more
        count = syllables(spoken(text, self._language))
        overlong = math.log(max(length, 0.1) / (max(count, 1) * self._syllable_seconds))
        fit = -0.5 * (overlong / _LENGTH_SPREAD) ** 2
        return _Candidate(
            text, tokens, acoustic, acoustic + leaning + lean.end(state) + fit, overlong
        )

    def _length(self, log_probs: LogProbs) -> float:
        """Seconds of speech, pauses left out."""
        spoken_frames = np.flatnonzero(log_probs[:, self._model.blank] < math.log(0.5))
        if not len(spoken_frames):
            return 0.0
        most = _LONGEST_GAP_SECONDS / self._model.frame_seconds
        gaps = np.minimum(np.diff(spoken_frames), most)
        return float((gaps.sum() + 1) * self._model.frame_seconds)

    def _path(self, log_probs: LogProbs, text: str) -> float:
        tokens = self._vocabulary.tokens_for(spoken(text, self._language))
        return path_score(log_probs, tokens, self._model.blank) or -1e9


def _plain(text: str) -> str:
    return text.lower().rstrip("。.!！?？")


def _replaced(units: Sequence[Unit], one: Replacement) -> tuple[str, tuple[int, ...]]:
    before, behind = units[: one.first], units[one.last :]
    text = join_units([*(u.text for u in before), one.name, *(u.text for u in behind)])
    tokens = [token for unit in before for token in unit.tokens]
    tokens += one.tokens
    tokens += [token for unit in behind for token in unit.tokens]
    return text, tuple(tokens)
