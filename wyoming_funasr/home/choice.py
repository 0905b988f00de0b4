"""Which of the texts that may have been said is it, in this home?

A text that Home Assistant acts on is preferred unless it is clearly worse. What was heard gives way
to another command only where the sound bears that out (`evidence`); where two that do different
things are close, or are opposites, the acoustics alone decide, and the choice says so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from wyoming_funasr.home.candidates import SOUND_WEIGHT, Candidate, Candidates
from wyoming_funasr.home.commands import Command, Commands
from wyoming_funasr.home.evidence import RIVAL, Emissions, is_borne_out, size
from wyoming_funasr.home.language_model import LanguageModel
from wyoming_funasr.home.names import Names, path_score
from wyoming_funasr.home.opposites import opposites
from wyoming_funasr.home.sounds import Phones, distance, sound
from wyoming_funasr.home.vocabulary import Vocabulary
from wyoming_funasr.home.writing import spoken
from wyoming_funasr.recognition.beam import Hypothesis, Lean, Together, Weighted, search
from wyoming_funasr.recognition.ctc import LogProbs, greedy
from wyoming_funasr.recognition.home import Tokens

WEIGHT, BONUS = 0.6, 1.5
"""Of the language model: for its log probability, and for each token."""

_COMMAND_WORTH = 4.0
"""Nats by which a text that Home Assistant acts on may be behind another."""

_CLEAR = 2.0
"""Nats between two commands that do different things; closer ones are ambiguous. Between two
commands the sound counts twice: a likelier sentence must not outweigh a name that sounds nearer."""

_CLEAR_BY_SOUND = 2.5
"""Nats of the sound alone between two commands of which nothing else tells which it is."""

_LONGEST = 0.6
"""Log of speech length by expected length above which words must have been left out."""

_LEAST_FAMILIAR = -2.5
"""Nats a token, language model included, below which a text is not of this home's language, and
the sound alone is heard better: `benchmarks/results/home_commands.md`, Words."""

_MOST_CHECKED = 30
_MOST_RIVALS = 60


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
class _Understood:
    candidate: Candidate
    text: str
    """In the words that Home Assistant understands."""
    command: Command
    apart: float = 0.0
    """Distance of its sound from what was heard (`sounds.distance`)."""

    @property
    def worth(self) -> float:
        """Nats by which one command may be better than another."""
        return self.candidate.score - SOUND_WEIGHT * self.apart


@dataclass(frozen=True)
class _Heard:
    """An utterance: what the sound alone says, and what the home makes of it."""

    log_probs: LogProbs
    acoustic: Candidate
    """The text by the sound alone."""
    sound: Phones
    leaned: Candidate
    """The best text of the search."""
    also: Lean | None = None
    """A lean that is not the home's."""
    candidates: list[Candidate] = field(default_factory=list)
    """All, best first."""

    @property
    def best_score(self) -> float:
        return max(self.leaned.score, self.acoustic.score)


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
        strictness: float = 1.0,
    ) -> None:
        """`strictness`: how much the sound must bear out a command (`evidence.is_borne_out`)."""
        self._language = language
        self._strictness = strictness
        self._model = model
        self._vocabulary = vocabulary
        self._lean = Weighted(language_model, WEIGHT, BONUS)
        self._candidates = Candidates(language, model, names)
        self._commands = commands

    def choose(self, log_probs: LogProbs, also: Lean | None = None) -> Choice:
        """The text of an utterance; `log_probs` of the speech, shape [frames, vocabulary].

        `also` is a further lean, such as a request's hotwords.
        """
        if not len(log_probs):
            return Choice("", ())
        model = self._model
        lean = self._lean if also is None else Together((self._lean, also))
        length = self._candidates.length(log_probs)

        def candidate(tokens: tuple[int, ...], acoustic: float) -> Candidate:
            text = model.write(tokens)
            return self._candidates.candidate(text, tokens, acoustic, length, lean)

        tokens = tuple(token.token for token in greedy(log_probs, model.blank))
        plain = Hypothesis(tokens, max(path_score(log_probs, tokens, model.blank), -1e9), 0.0)
        acoustic = candidate(plain.tokens, plain.acoustic)
        heard_sound = sound(acoustic.text, self._language)
        said = self._understand(acoustic)
        if said is not None and acoustic.overlong <= _LONGEST:
            # what was heard is a command of this home: no likelier one takes its place
            return self._settled(log_probs, heard_sound, said, ())
        found = search(log_probs, model.blank, lean)
        leaned = candidate(found[0].tokens, found[0].acoustic)
        candidates = self._candidates.find(log_probs, [plain, *found], length, lean)
        return self._decide(_Heard(log_probs, acoustic, heard_sound, leaned, also, candidates))

    def _decide(self, heard: _Heard) -> Choice:
        acoustic = heard.acoustic
        understood = self._understood(heard)
        if not understood:
            return self._no_command(heard)
        plain = self._understand(acoustic)
        best = understood[0]
        close = [one for one in understood if best.worth - one.worth < _CLEAR]
        if plain is not None and (best.command.same_as(plain.command) or len(close) > 1):
            return self._settled(heard.log_probs, heard.sound, plain, _others(close, plain))
        if len(close) > 1:
            nearest = self._nearest(heard, close)
            if nearest is None:
                return self._unsure(heard, tuple(one.text for one in close))
            best = nearest
        if heard.best_score - best.candidate.score > _COMMAND_WORTH:
            return self._unsure(heard, ())
        paths = Emissions(heard.log_probs, self._vocabulary).scores(
            [acoustic.tokens, best.candidate.tokens, *(c.tokens for c in heard.candidates)]
        )
        about = size(best.command, self._language)
        if not is_borne_out(best.apart, paths[0] - paths[1], about, self._strictness):
            return self._unsure(heard, ())
        rival = self._rival(heard, best, paths[1], paths[2:])
        if rival is not None:
            return self._unsure(heard, (best.text, rival.text))
        return self._settled(heard.log_probs, heard.sound, best, _others(close, best))

    def _nearest(self, heard: _Heard, close: Sequence[_Understood]) -> _Understood | None:
        """The one of some commands that the sound alone is clearly for, if any."""
        paths = Emissions(heard.log_probs, self._vocabulary).scores(
            [one.candidate.tokens for one in close]
        )
        fits = [path - SOUND_WEIGHT * one.apart for path, one in zip(paths, close, strict=True)]
        first, second = sorted(range(len(close)), key=lambda i: fits[i], reverse=True)[:2]
        return close[first] if fits[first] - fits[second] >= _CLEAR_BY_SOUND else None

    def _rival(
        self, heard: _Heard, best: _Understood, path: float, paths: list[float]
    ) -> _Understood | None:
        """A command that does something else and is likelier by the sound alone, if any."""
        for one, against in list(zip(heard.candidates, paths, strict=True))[:_MOST_RIVALS]:
            if against <= path or one.overlong > _LONGEST:
                continue
            if self._apart(heard, one) >= best.apart + RIVAL:
                continue
            rival = self._understand(one)
            if rival is not None and not rival.command.same_as(best.command):
                return rival
        return None

    def _unsure(self, heard: _Heard, commands: tuple[str, ...]) -> Choice:
        """What was heard, as no command; `commands` are those that it may have been."""
        choice = self._no_command(heard)
        if self._commands.meant(choice.text) is not None:
            choice = Choice(heard.acoustic.text, heard.acoustic.tokens)
        return replace(choice, alternatives=commands)

    def _no_command(self, heard: _Heard) -> Choice:
        """What was heard with the home in mind, unless it is not this home's language at all."""
        leaned = heard.leaned
        if leaned.score >= _LEAST_FAMILIAR * len(leaned.tokens):
            return Choice(leaned.text, leaned.tokens)
        if heard.also is None:
            return Choice(heard.acoustic.text, heard.acoustic.tokens)
        tokens = search(heard.log_probs, self._model.blank, heard.also)[0].tokens
        return Choice(self._model.write(tokens), tokens)

    def _settled(
        self, log_probs: LogProbs, heard: Phones, chosen: _Understood, others: tuple[str, ...]
    ) -> Choice:
        """The command, or its opposite where that is what the acoustics say."""
        texts = (chosen.candidate.text, *opposites(chosen.candidate.text, self._language))
        paths = self._paths(log_probs, texts)
        best, best_fit = chosen, -math.inf
        rivals: list[str] = []
        for text, path in zip(texts, paths, strict=True):
            if path < paths[0] - _CLEAR_BY_SOUND:
                continue
            one = chosen
            if text != texts[0]:
                rival = self._understand(Candidate(text, (), path, 0.0, 0.0))
                if rival is None or rival.command.same_as(chosen.command):
                    continue
                one = rival
                rivals.append(rival.text)
            # the frames hold the words of both; what was heard says which
            fit = path - SOUND_WEIGHT * distance(heard, sound(text, self._language))
            if fit > best_fit:
                best, best_fit = one, fit
        alternatives = [text for text in (*rivals, chosen.text) if text != best.text]
        return Choice(
            best.text,
            best.candidate.tokens or chosen.candidate.tokens,
            best.command,
            tuple(dict.fromkeys(text for text in (*alternatives, *others) if text != best.text)),
        )

    def _understood(self, heard: _Heard) -> list[_Understood]:
        """The best command among the candidates, and those that may rival it, best first."""
        found: list[_Understood] = []
        # one farther behind would not be chosen
        lowest = heard.best_score - _COMMAND_WORTH - _CLEAR
        likely = [
            one for one in heard.candidates if one.score >= lowest and one.overlong <= _LONGEST
        ]
        for one in sorted(likely, key=lambda one: one.worth, reverse=True)[:_MOST_CHECKED]:
            understood = self._understand(one)
            if understood:
                found.append(replace(understood, apart=self._apart(heard, one)))
        found.sort(key=lambda one: one.worth, reverse=True)
        ways = (
            one
            for place, one in enumerate(found)
            if not any(one.command.same_as(better.command) for better in found[:place])
        )
        return list(ways)

    def _apart(self, heard: _Heard, one: Candidate) -> float:
        return distance(heard.sound, sound(one.text, self._language))

    def _understand(self, one: Candidate) -> _Understood | None:
        text = self._commands.phrase(one.text)
        command = self._commands.understand(text) if text else None
        return _Understood(one, text, command) if text and command else None

    def _paths(self, log_probs: LogProbs, texts: Sequence[str]) -> list[float]:
        """How likely texts are by the frames alone."""
        tokens = [self._vocabulary.tokens_for(spoken(text, self._language)) for text in texts]
        return Emissions(log_probs, self._vocabulary).scores(tokens)


def _others(close: Sequence[_Understood], chosen: _Understood) -> tuple[str, ...]:
    """The texts of those that do something else."""
    return tuple(one.text for one in close if not one.command.same_as(chosen.command))
