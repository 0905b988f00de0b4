"""SenseVoice: a non-autoregressive encoder with a CTC head over text and tags.

Model and input layout: FunASR, `funasr/models/sense_voice/model.py`. Four query vectors (language,
event, emotion, text normalization) go before the features; the outputs at their places are tags.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from wyoming_funasr.engines.features import FeatureStacker
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.recognition import ctc
from wyoming_funasr.recognition.beam import Hotwords, search
from wyoming_funasr.recognition.home import Choice, Tokens
from wyoming_funasr.recognition.hotwords import Hotword
from wyoming_funasr.recognition.text import clean
from wyoming_funasr.recognition.types import Fbank, Features, Recognition, Segment, Word

LANGUAGE_QUERIES = {
    "auto": 0, "zh": 3, "en": 4, "yue": 7, "ja": 11, "ko": 12, "nospeech": 13,
}  # fmt: skip
TAG_QUERIES = (1, 2)
"""What asks for the emotion and the event."""

NORMALIZED_QUERY, SPOKEN_QUERY = 14, 15
"""Punctuation and digits, or words as they are spoken (`withitn`, `woitn`)."""

QUERIES = 4
_LANGUAGE_PLACE, _EMOTION_PLACE, _EVENT_PLACE = 0, 1, 2
_EMOTIONS = ("HAPPY", "SAD", "ANGRY", "NEUTRAL", "FEARFUL", "DISGUSTED", "SURPRISED")
_LANGUAGES = ("zh", "en", "yue", "ja", "ko")
_SPECIAL = ("<unk>", "<s>", "</s>", "<blank>")
_FEWEST_FRAMES = 1


@dataclass(frozen=True)
class Query:
    """What the network is asked of one utterance; queries by their ids in the embedding."""

    features: Features
    language: int
    normalization: int


class SenseVoiceNetwork(Protocol):
    """Encoder and CTC head."""

    def log_probs(self, batch: Sequence[Query]) -> Iterable[ctc.LogProbs]:
        """Log posteriors of each utterance, shape [queries + rows, vocabulary]."""


class SenseVoice:
    """SenseVoice in FunASR's format.

    The confidence is the geometric mean, over the tokens of the text, of each token's CTC
    posterior at its surest frame. Tags and blanks do not count.
    """

    def __init__(self, folder: ModelFolder, network: SenseVoiceNetwork) -> None:
        self._network = network
        self._stacker = FeatureStacker(folder)
        self.fbank = self._stacker.fbank
        self._blank = int(folder.section("model_conf").get("blank_id", 0))
        self._pieces = folder.vocabulary
        self._spelling = ctc.Spelling(self._pieces)
        self._tags = {i: p[2:-2] for i, p in enumerate(self._pieces) if _is_tag(p)}
        self._unspoken = {*self._tags, *(i for i, p in enumerate(self._pieces) if p in _SPECIAL)}
        ids = {tag: token for token, tag in self._tags.items()}
        row_seconds = self._stacker.row_ms / 1000
        self.tokens = Tokens(self._pieces, self._blank, row_seconds, self._written)
        self._language_ids = {name: ids[name] for name in _LANGUAGES if name in ids}
        self._emotion_ids = {name: ids[name] for name in _EMOTIONS if name in ids}
        self._graph = lru_cache(maxsize=16)(self._build_graph)

    def features(self, fbank: Fbank) -> Features:
        """Shape [rows, channels]; short input is filled up with silence."""
        return self._stacker.features(fbank, _FEWEST_FRAMES)

    def recognize(self, batch: Sequence[Segment]) -> list[Recognition]:
        """Recognize utterances of any lengths.

        Where `auto` came out in none of the languages that it may mean, the speech is recognized
        again in the likeliest of them.
        """
        answers = list(self._network.log_probs([_query(one, one.language) for one in batch]))
        again = {
            i: language for i, one in enumerate(batch) if (language := self._other(one, answers[i]))
        }
        if again:
            queries = [_query(batch[i], language) for i, language in again.items()]
            for i, answer in zip(again, self._network.log_probs(queries), strict=True):
                answers[i] = answer
        return [
            self._decode(one, found, again.get(i, one.language))
            for i, (one, found) in enumerate(zip(batch, answers, strict=True))
        ]

    def _other(self, segment: Segment, log_probs: ctc.LogProbs) -> str | None:
        """The language to recognize a segment in instead; None where the answer stands."""
        allowed = [name for name in segment.languages if name in self._language_ids]
        if segment.language != "auto" or not allowed or self._language(log_probs) in allowed:
            return None
        return max(
            allowed, key=lambda name: float(log_probs[_LANGUAGE_PLACE, self._language_ids[name]])
        )

    def _decode(self, segment: Segment, log_probs: ctc.LogProbs, asked: str) -> Recognition:
        tags = [self._tags.get(int(token), "") for token in log_probs[:QUERIES].argmax(axis=1)]
        speech = log_probs[QUERIES:]
        language = self._language(log_probs) or (None if asked == "auto" else asked)
        choice = self._chosen(segment, speech, language)
        aligned = self._aligned(segment, speech, choice)
        spoken = [token for token in aligned if token.token not in self._unspoken]
        emotion = tags[_EMOTION_PLACE]
        return Recognition(
            text=choice.text if choice else self._written([one.token for one in spoken]),
            words=self._words(spoken),
            confidence=ctc.confidence(spoken),
            language=self._language(log_probs),
            language_scores=_shares(log_probs[_LANGUAGE_PLACE], self._language_ids),
            emotion=emotion.lower() if emotion in _EMOTIONS else None,
            emotion_scores=_shares(log_probs[_EMOTION_PLACE], self._emotion_ids),
            event=tags[_EVENT_PLACE].lower() or None,
            intent=choice.intent if choice else None,
            alternatives=choice.alternatives if choice else (),
        )

    def _chosen(
        self, segment: Segment, speech: ctc.LogProbs, language: str | None
    ) -> Choice | None:
        """What the home makes of the speech; nothing while more may follow, which is quicker."""
        if segment.home is None or not segment.is_final:
            return None
        also = Hotwords(self._graph(segment.hotwords)) if segment.hotwords else None
        return segment.home.choose(speech, language, also)

    def _aligned(
        self, segment: Segment, speech: ctc.LogProbs, choice: Choice | None
    ) -> list[ctc.AlignedToken]:
        if choice:
            return ctc.align(speech, choice.tokens, self._blank)
        if segment.hotwords:
            found = search(speech, self._blank, Hotwords(self._graph(segment.hotwords)), most=1)
            return ctc.align(speech, found[0].tokens, self._blank)
        return ctc.greedy(speech, self._blank)

    def _language(self, log_probs: ctc.LogProbs) -> str | None:
        """The language that the tags name."""
        tags = (self._tags.get(int(token)) for token in log_probs[:QUERIES].argmax(axis=1))
        return next((tag for tag in tags if tag in _LANGUAGES), None)

    def _written(self, tokens: Sequence[int]) -> str:
        """Pieces as sentencepiece joins them."""
        pieces = (self._pieces[token] for token in tokens if token not in self._unspoken)
        return clean("".join(pieces).replace(ctc.WORD_START, " "))

    def _words(self, tokens: Sequence[ctc.AlignedToken]) -> tuple[Word, ...]:
        """Pieces glued to words: a new one at `▁`, at each CJK character and behind one."""
        words: list[Word] = []
        for token in tokens:
            piece = self._pieces[token.token]
            text = piece.removeprefix(ctc.WORD_START)
            start, end = token.start * self._stacker.row_ms, token.end * self._stacker.row_ms
            glued = bool(words) and text == piece and text.isascii() and words[-1].text.isascii()
            if glued:
                last = words.pop()
                text, start = last.text + text, last.start_ms
                sure = min(last.confidence or 0.0, token.posterior)
            else:
                sure = token.posterior
            words.append(Word(text, start, end, round(sure, 4)))
        return tuple(word for word in words if word.text)

    def _build_graph(self, hotwords: tuple[Hotword, ...]) -> ctc.ContextGraph:
        return ctc.ContextGraph(hotwords, self._spelling)


def _query(segment: Segment, language: str) -> Query:
    return Query(
        segment.features,
        LANGUAGE_QUERIES.get(language, LANGUAGE_QUERIES["auto"]),
        NORMALIZED_QUERY if segment.use_itn else SPOKEN_QUERY,
    )


def _is_tag(piece: str) -> bool:
    return piece.startswith("<|") and piece.endswith("|>")


def _shares(log_probs: ctc.LogProbs, ids: Mapping[str, int]) -> dict[str, float]:
    """Posteriors of some tags at one place, shape [vocabulary], normalized among themselves."""
    if not ids:
        return {}
    scores = np.exp(log_probs[list(ids.values())])
    shares = scores / max(float(scores.sum()), 1e-30)
    return {tag.lower(): round(float(share), 4) for tag, share in zip(ids, shares, strict=True)}
