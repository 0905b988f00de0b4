"""SenseVoice as FunASR's torch modules; utterances of any lengths share a padded pass."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F

from wyoming_funasr.engines.base import Place, Punctuator
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.sense_voice import TAG_QUERIES, Query, SenseVoice
from wyoming_funasr.engines.torch.components import build
from wyoming_funasr.recognition.ctc import LogProbs
from wyoming_serving.devices import Device

MODULES = (
    "funasr.models.sense_voice.model",
    "funasr.frontends.wav_frontend",
    "funasr.tokenizer.sentencepiece_tokenizer",
)


def load(folder: ModelFolder, place: Place, punctuation: Punctuator | None) -> SenseVoice:
    """The engine; it writes punctuation itself.

    Raises:
        ServiceError: the folder is not a SenseVoice model.
    """
    return SenseVoice(folder, SenseVoiceTorch(folder.path, place.device))


class SenseVoiceTorch:
    """The network."""

    def __init__(self, folder: Path, device: Device) -> None:
        self._model = build(folder, MODULES, device).model
        self._device = device.torch_name

    @torch.inference_mode()
    def log_probs(self, batch: Sequence[Query]) -> Iterator[LogProbs]:
        """Log posteriors of each utterance, shape [queries + rows, vocabulary]."""
        rows = [self._row(one) for one in batch]
        longest = max(map(len, rows))
        padded = torch.stack([F.pad(row, (0, 0, 0, longest - len(row))) for row in rows])
        lengths = torch.tensor([len(row) for row in rows], device=self._device)
        encoded, _ = self._model.encoder(padded, lengths)
        found = self._model.ctc.log_softmax(encoded).float().cpu().numpy()
        return (found[i, : len(row)] for i, row in enumerate(rows))

    def _row(self, query: Query) -> torch.Tensor:
        ids = torch.tensor([query.language, *TAG_QUERIES, query.normalization], device=self._device)
        queries = self._model.embed(ids)
        return torch.cat([queries, torch.from_numpy(query.features).to(queries)])
