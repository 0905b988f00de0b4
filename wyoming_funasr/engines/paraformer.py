"""Paraformer: a non-autoregressive encoder and decoder for Chinese with English mixed in.

Model calls as in FunASR, `funasr/models/{paraformer,bicif_paraformer,seaco_paraformer}/model.py`.
The SeACo variant takes hotwords by its own mechanism.
"""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from wyoming_funasr.engines.features import FeatureStacker
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.punctuation import Punctuation
from wyoming_funasr.engines.torch.components import build
from wyoming_funasr.recognition.hotwords import Hotword
from wyoming_funasr.recognition.text import clean
from wyoming_funasr.recognition.types import Fbank, Features, Recognition, Segment, Word
from wyoming_serving.devices import Device

MODULES = (
    "funasr.models.paraformer.model",
    "funasr.models.paraformer.cif_predictor",
    "funasr.models.paraformer.decoder",
    "funasr.models.bicif_paraformer.model",
    "funasr.models.bicif_paraformer.cif_predictor",
    "funasr.models.seaco_paraformer.model",
    "funasr.models.sanm.encoder",
    "funasr.models.specaug.specaug",
    "funasr.frontends.wav_frontend",
    "funasr.tokenizer.char_tokenizer",
)
_FEWEST_FRAMES = 23
"""A quarter of a second: the length predictor needs a few rows to look at."""


class Paraformer:
    """Paraformer in FunASR's format: plain, with time stamps (BiCif) or with hotwords (SeACo).

    The confidence is the geometric mean of the decoder's posteriors of the emitted tokens.
    """

    def __init__(self, folder: Path, device: Device, punctuation: Punctuation | None) -> None:
        """`punctuation`: writes the marks that the model itself does not, where they are wanted."""
        parts = build(folder, MODULES, device)
        self._model = parts.model
        self._stacker = FeatureStacker(ModelFolder(folder))
        self.fbank = self._stacker.fbank
        self._tokenizer = parts.tokenizer
        self._punctuation = punctuation
        self._device = device.torch_name
        self._takes_hotwords = hasattr(parts.model, "_seaco_decode_with_ASF")
        self._has_times = hasattr(parts.model, "calc_predictor_timestamp")
        self._known = set(parts.vocabulary)

    def features(self, fbank: Fbank) -> Features:
        """Shape [rows, channels]; short input is filled up with silence."""
        return self._stacker.features(fbank, _FEWEST_FRAMES)

    @torch.inference_mode()
    def recognize(self, batch: Sequence[Segment]) -> list[Recognition]:
        """Recognize utterances; those with the same hotwords share a padded pass."""
        results: dict[int, Recognition] = {}
        by_hotwords = sorted(range(len(batch)), key=lambda i: repr(batch[i].hotwords))
        for hotwords, group in itertools.groupby(by_hotwords, lambda i: batch[i].hotwords):
            places = list(group)
            heard = self._recognize([batch[i] for i in places], hotwords)
            results.update(zip(places, heard, strict=True))
        return [results[i] for i in range(len(batch))]

    def _recognize(self, batch: list[Segment], hotwords: tuple[Hotword, ...]) -> list[Recognition]:
        longest = max(len(one.features) for one in batch)
        padded = torch.stack(
            [
                F.pad(torch.from_numpy(one.features), (0, 0, 0, longest - len(one.features)))
                for one in batch
            ]
        ).to(self._device, next(self._model.parameters()).dtype)
        lengths = torch.tensor([len(one.features) for one in batch], device=self._device)
        encoded, encoded_lengths = self._model.encode(padded, lengths)
        acoustic, token_counts = self._model.calc_predictor(encoded, encoded_lengths)[:2]
        counts = token_counts.round().long()
        if int(counts.max()) < 1:
            return [Recognition() for _ in batch]
        log_probs = self._decode(encoded, encoded_lengths, acoustic, counts, hotwords)
        times = self._times(encoded, encoded_lengths, counts)
        return [
            self._recognition(log_probs[i, : int(counts[i])], times[i] if times else None, one)
            for i, one in enumerate(batch)
        ]

    def _decode(
        self,
        encoded: torch.Tensor,
        lengths: torch.Tensor,
        acoustic: torch.Tensor,
        counts: torch.Tensor,
        hotwords: tuple[Hotword, ...],
    ) -> torch.Tensor:
        """Log posteriors, shape [utterances, tokens, vocabulary]."""
        if self._takes_hotwords:
            ids = self._hotword_ids(hotwords) if hotwords else None
            found = self._model._seaco_decode_with_ASF(
                encoded, lengths, acoustic, counts, hw_list=ids
            )
        else:
            found, _ = self._model.cal_decoder_with_predictor(encoded, lengths, acoustic, counts)
        log_probs: torch.Tensor = found.float().cpu()
        return log_probs

    def _hotword_ids(self, hotwords: tuple[Hotword, ...]) -> list[list[int]]:
        """Word ids of each hotword; the list ends with the mark that stands for none."""
        spelled = (self._tokenizer.text2tokens(word.text.lower()) for word in hotwords)
        known = (tokens for tokens in spelled if tokens and self._known.issuperset(tokens))
        return [*(self._tokenizer.tokens2ids(tokens) for tokens in known), [self._model.sos]]

    def _times(
        self, encoded: torch.Tensor, lengths: torch.Tensor, counts: torch.Tensor
    ) -> list[tuple[Any, Any]] | None:
        if not self._has_times:
            return None
        _, _, alphas, peaks = self._model.calc_predictor_timestamp(encoded, lengths, counts)
        # the predictor for times works at three times the encoder's frame rate
        return [
            (alphas[i][: int(n) * 3].float().cpu(), peaks[i][: int(n) * 3].float().cpu())
            for i, n in enumerate(lengths)
        ]

    def _recognition(
        self, log_probs: torch.Tensor, times: tuple[Any, Any] | None, utterance: Segment
    ) -> Recognition:
        from funasr.utils.postprocess_utils import sentence_postprocess

        best = log_probs.argmax(dim=-1)
        special = {self._model.blank_id, self._model.sos, self._model.eos}
        kept = [i for i, token in enumerate(best.tolist()) if token not in special]
        if not kept:
            return Recognition()
        tokens = self._tokenizer.ids2tokens(best[kept].tolist())
        posteriors = log_probs[kept, best[kept]]
        text = str(sentence_postprocess(list(tokens))[0])
        if self._punctuation is not None and utterance.use_itn:
            text = self._punctuation.punctuate(text)
        return Recognition(
            text=clean(text),
            words=_words(tokens, times) if times is not None else (),
            confidence=float(posteriors.mean().exp()),
        )


def _words(tokens: list[str], times: tuple[Any, Any]) -> tuple[Word, ...]:
    from funasr.utils.postprocess_utils import sentence_postprocess
    from funasr.utils.timestamp_tools import ts_prediction_lfr6_standard

    _, stamps = ts_prediction_lfr6_standard(*times, list(tokens))
    if len(stamps) != len(tokens):
        return ()
    _, spans, words = sentence_postprocess(list(tokens), stamps)
    return tuple(
        Word(str(word), int(start), int(end), None)
        for word, (start, end) in zip(words, spans, strict=False)
    )
