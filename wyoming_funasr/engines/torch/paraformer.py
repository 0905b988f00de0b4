"""Paraformer as FunASR's torch modules.

Model calls as in FunASR, `funasr/models/{paraformer,bicif_paraformer,seaco_paraformer}/model.py`.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch.nn.utils.rnn import pad_sequence

from wyoming_funasr.engines.base import Place, Punctuator
from wyoming_funasr.engines.cif import TIMES_PER_ROW
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.paraformer import Decoded, Paraformer, Spelled, check_checkpoint
from wyoming_funasr.engines.torch.components import build, precision
from wyoming_funasr.recognition.types import Features
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


def load(folder: ModelFolder, place: Place, punctuation: Punctuator | None) -> Paraformer:
    """The engine.

    Raises:
        ServiceError: the folder is not a Paraformer model.
    """
    check_checkpoint(folder)
    return Paraformer(folder, ParaformerTorch(folder.path, place.device), punctuation)


class ParaformerTorch:
    """The network; utterances of any lengths share a padded pass."""

    def __init__(self, folder: Path, device: Device) -> None:
        self._model = build(folder, MODULES, device).model
        self._device = device
        self.takes_hotwords = hasattr(self._model, "_seaco_decode_with_ASF")
        self._has_times = hasattr(self._model, "calc_predictor_timestamp")

    @torch.inference_mode()
    def decode(self, batch: Sequence[Features], hotwords: Spelled) -> list[Decoded]:
        """Decode utterances, listening for hotwords."""
        padded = pad_sequence([torch.from_numpy(one) for one in batch], batch_first=True)
        rows = torch.tensor([len(one) for one in batch], device=self._device.torch_name)
        with precision(self._device):
            encoded, lengths = self._model.encode(padded.to(self._device.torch_name), rows)
        encoded = encoded.float()  # as the predictor wants it, which counts tokens
        acoustic, token_counts = self._model.calc_predictor(encoded, lengths)[:2]
        counts = token_counts.round().long()
        if int(counts.max()) < 1:
            nothing = torch.zeros(0, 1).numpy()
            return [Decoded(nothing) for _ in batch]
        with precision(self._device):
            log_probs = self._log_probs(encoded, lengths, acoustic, counts, hotwords)
        alphas = self._time_alphas(encoded, lengths, counts)
        places = zip(counts.tolist(), lengths.tolist(), strict=True)  # one transfer each
        return [
            Decoded(
                log_probs[i, :count].numpy(),
                None if alphas is None else alphas[i, : length * TIMES_PER_ROW].numpy(),
            )
            for i, (count, length) in enumerate(places)
        ]

    def _log_probs(
        self,
        encoded: torch.Tensor,
        lengths: torch.Tensor,
        acoustic: torch.Tensor,
        counts: torch.Tensor,
        hotwords: Spelled,
    ) -> torch.Tensor:
        """Shape [utterances, tokens, vocabulary]."""
        if self.takes_hotwords:
            # the list ends with the mark that stands for none
            ids = [*map(list, hotwords), [self._model.sos]] if hotwords else None
            found = self._model._seaco_decode_with_ASF(
                encoded, lengths, acoustic, counts, hw_list=ids
            )
        else:
            found, _ = self._model.cal_decoder_with_predictor(encoded, lengths, acoustic, counts)
        log_probs: torch.Tensor = found.float().cpu()
        return log_probs

    def _time_alphas(
        self, encoded: torch.Tensor, lengths: torch.Tensor, counts: torch.Tensor
    ) -> torch.Tensor | None:
        """Shape [utterances, rows x 3]."""
        if not self._has_times:
            return None
        _, _, alphas, _ = self._model.calc_predictor_timestamp(encoded, lengths, counts)
        found: torch.Tensor = alphas.float().cpu()
        return found
