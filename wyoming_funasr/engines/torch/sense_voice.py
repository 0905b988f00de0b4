"""SenseVoice as FunASR's torch modules; utterances of any lengths share a padded pass."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from wyoming_funasr.engines.base import Place, Punctuator
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.sense_voice import QUERIES, TAG_QUERIES, Query, SenseVoice
from wyoming_funasr.engines.torch.components import build, precision
from wyoming_funasr.recognition.ctc import LogProbs
from wyoming_serving.devices import Device
from wyoming_serving.torch.transfer import host_zeros, to_host

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
        self._device = device

    @torch.inference_mode()
    def log_probs(self, batch: Sequence[Query]) -> Iterator[LogProbs]:
        """Log posteriors of each utterance, shape [queries + rows, vocabulary]."""
        rows = [QUERIES + len(query.features) for query in batch]
        with precision(self._device):
            lengths = torch.tensor(rows, device=self._device.torch_name)
            encoded, _ = self._model.encoder(self._padded(batch), lengths)
            scores = self._model.ctc.ctc_lo(encoded)
            found = to_host(scores.log_softmax(dim=-1, dtype=torch.float32))
        return (found[i, :length] for i, length in enumerate(rows))

    def _padded(self, batch: Sequence[Query]) -> torch.Tensor:
        """The queries' embeddings before the features, [utterances, queries + rows, channels]."""
        longest = max(len(query.features) for query in batch)
        channels = batch[0].features.shape[1]
        features = host_zeros(self._device, len(batch), longest, channels)
        for row, query in zip(features, batch, strict=True):
            row[: len(query.features)] = torch.from_numpy(query.features)
        ids = torch.tensor([[one.language, *TAG_QUERIES, one.normalization] for one in batch])
        queries = self._model.embed(ids.to(self._device.torch_name))
        return torch.cat([queries, features.to(queries, non_blocking=True)], dim=1)
