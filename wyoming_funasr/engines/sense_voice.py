"""SenseVoice: a non-autoregressive encoder with a CTC head over text and tags.

Model and input layout: FunASR, `funasr/models/sense_voice/model.py`. Four query vectors (language,
event, emotion, text normalization) go before the features; the outputs at their places are tags.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from wyoming_funasr.engines.components import build
from wyoming_funasr.engines.features import FeatureStacker
from wyoming_funasr.recognition import ctc
from wyoming_funasr.recognition.hotwords import Hotword
from wyoming_funasr.recognition.text import clean
from wyoming_funasr.recognition.types import Fbank, Features, Recognition, Segment, Word
from wyoming_serving.devices import Device

MODULES = (
    "funasr.models.sense_voice.model",
    "funasr.frontends.wav_frontend",
    "funasr.tokenizer.sentencepiece_tokenizer",
)
_QUERIES = 4
_EMOTION_PLACE = 1
_EMOTIONS = ("HAPPY", "SAD", "ANGRY", "NEUTRAL", "FEARFUL", "DISGUSTED", "SURPRISED")
_LANGUAGES = ("zh", "en", "yue", "ja", "ko")
_FEWEST_FRAMES = 1


class SenseVoice:
    """SenseVoice in FunASR's format.

    The confidence is the geometric mean, over the tokens of the text, of each token's CTC
    posterior at its surest frame. Tags and blanks do not count.
    """

    def __init__(self, folder: Path, device: Device) -> None:
        parts = build(folder, MODULES, device)
        self._model = parts.model
        self._stacker = FeatureStacker(parts.frontend)
        self.fbank = self._stacker.fbank
        self._tokenizer = parts.tokenizer
        self._device = device
        self._pieces = parts.vocabulary
        self._tags = {i: p[2:-2] for i, p in enumerate(self._pieces) if _is_tag(p)}
        ids = {tag: token for token, tag in self._tags.items()}
        self._emotion_ids = {name: ids[name] for name in _EMOTIONS if name in ids}
        self._graph = lru_cache(maxsize=16)(self._build_graph)

    def features(self, fbank: Fbank) -> Features:
        """Shape [rows, channels]; short input is filled up with silence."""
        return self._stacker.features(fbank, _FEWEST_FRAMES)

    @torch.inference_mode()
    def recognize(self, batch: Sequence[Segment]) -> list[Recognition]:
        """Recognize utterances of any lengths in one padded pass."""
        inputs, lengths = self._inputs(batch)
        encoded, _ = self._model.encoder(inputs, lengths)
        log_probs = self._model.ctc.log_softmax(encoded).float().cpu().numpy()
        return [self._decode(one, log_probs[i, : int(lengths[i])]) for i, one in enumerate(batch)]

    def _inputs(self, batch: Sequence[Segment]) -> tuple[torch.Tensor, torch.Tensor]:
        rows = []
        for one in batch:
            queries = [
                self._model.lid_dict.get(one.language, 0),
                1,
                2,
                self._model.textnorm_dict["withitn" if one.use_itn else "woitn"],
            ]
            query = self._model.embed(torch.tensor(queries, device=self._device.torch_name))
            rows.append(torch.cat([query, torch.from_numpy(one.features).to(query)]))
        longest = max(map(len, rows))
        padded = torch.stack([F.pad(row, (0, 0, 0, longest - len(row))) for row in rows])
        lengths = torch.tensor([len(row) for row in rows], device=padded.device)
        return padded, lengths

    def _decode(self, utterance: Segment, log_probs: ctc.LogProbs) -> Recognition:
        tags = [self._tags.get(int(token), "") for token in log_probs[:_QUERIES].argmax(axis=1)]
        speech = log_probs[_QUERIES:]
        blank = self._model.blank_id
        if utterance.hotwords:
            aligned = ctc.beam_search(speech, blank, self._graph(utterance.hotwords))
        else:
            aligned = ctc.greedy(speech, blank)
        spoken = [token for token in aligned if token.token not in self._tags]
        emotion = tags[_EMOTION_PLACE]
        return Recognition(
            text=clean(self._tokenizer.decode([token.token for token in spoken])),
            words=self._words(spoken),
            confidence=ctc.confidence(spoken),
            language=next((tag for tag in tags if tag in _LANGUAGES), None),
            emotion=emotion.lower() if emotion in _EMOTIONS else None,
            emotion_scores=self._emotion_scores(log_probs[_EMOTION_PLACE]),
            event=tags[2].lower() or None,
        )

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

    def _emotion_scores(self, log_probs: ctc.LogProbs) -> dict[str, float]:
        """Posteriors of the emotion tags, normalized among themselves."""
        if not self._emotion_ids:
            return {}
        scores = np.exp(log_probs[list(self._emotion_ids.values())])
        shares = scores / max(float(scores.sum()), 1e-30)
        names = (name.lower() for name in self._emotion_ids)
        return {name: round(float(share), 4) for name, share in zip(names, shares, strict=True)}

    def _build_graph(self, hotwords: tuple[Hotword, ...]) -> ctc.ContextGraph:
        return ctc.ContextGraph(hotwords, self._pieces)


def _is_tag(piece: str) -> bool:
    return piece.startswith("<|") and piece.endswith("|>")
