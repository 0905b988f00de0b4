"""An acoustic model that torch computes, on a GPU or as the reference on a CPU."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from wyoming_melotts.synthesis.acoustic.model import EncodedText, Sentence
from wyoming_melotts.synthesis.acoustic.torch.decoder import DecoderStream
from wyoming_melotts.synthesis.acoustic.torch.synthesizer import Synthesizer
from wyoming_melotts.synthesis.acoustic.torch.text_encoder import TextInputs
from wyoming_melotts.synthesis.arrays import Floats, Ints


class TorchVoice:
    """A checkpoint's modules on a device."""

    def __init__(self, synthesizer: Synthesizer, device: str) -> None:
        """`device` is as torch writes it: `cpu`, `cuda:0`."""
        self.config = synthesizer.config
        self._synthesizer = synthesizer.to(device)
        self._device = device

    @classmethod
    def load(cls, folder: Path, device: str) -> "TorchVoice":
        """Read `config.json` and `checkpoint.pth` of a voice.

        Raises:
            VoiceFileError: one of them is not what this runtime reads.
        """
        return cls(Synthesizer.load(folder), device)

    @torch.inference_mode()
    def encode(
        self, sentence: Sentence, speaker: int, noise: Floats, sdp_ratio: float
    ) -> EncodedText:
        """Encode the text and predict durations from `noise` [tokens, 2]."""
        inputs = TextInputs(
            *(self._ids(ids) for ids in (sentence.phones, sentence.tones, sentence.languages)),
            *(self._features(rows) for rows in (sentence.bert, sentence.large_bert)),
        )
        embedding = self._synthesizer.speaker(speaker)
        encoded = self._synthesizer.enc_p(inputs, embedding)
        log_durations = self._synthesizer.log_durations(
            encoded, embedding, self._signal(noise), sdp_ratio
        )
        mean, log_scale = (_rows(part) for part in (encoded.mean, encoded.log_scale))
        return EncodedText(mean, log_scale, log_durations.cpu().numpy())

    @torch.inference_mode()
    def flow(self, prior: Floats, speaker: int) -> Floats:
        """Prior sample [frames, inter] to latent [frames, inter]."""
        synthesizer = self._synthesizer
        return _rows(synthesizer.flow(self._signal(prior), synthesizer.speaker(speaker)))

    def decoder_stream(self, speaker: int) -> "TorchDecoderStream":
        """Start to decode a sentence."""
        stream = DecoderStream(self._synthesizer.dec, self._synthesizer.speaker(speaker))
        return TorchDecoderStream(stream, self._device)

    def _ids(self, ids: Ints) -> Tensor:
        return torch.from_numpy(ids).to(self._device)

    def _features(self, rows: Floats | None) -> Tensor | None:
        return None if rows is None else self._signal(rows)[0]

    def _signal(self, rows: Floats) -> Tensor:
        return _signal(rows, self._device)


class TorchDecoderStream:
    """Decodes the latent of one sentence chunk by chunk."""

    def __init__(self, stream: DecoderStream, device: str) -> None:
        self._stream = stream
        self._device = device

    def push(self, latent: Floats, *, last: bool) -> Floats:
        """The samples [samples] that a chunk [frames, inter] completes, perhaps none."""
        samples: Floats = self._stream.push(_signal(latent, self._device), final=last).cpu().numpy()
        return samples


def _signal(rows: Floats, device: str) -> Tensor:
    """[steps, channels] to [1, channels, steps]."""
    return torch.from_numpy(np.ascontiguousarray(rows.T)).unsqueeze(0).to(device)


def _rows(signal: Tensor) -> Floats:
    """[1, channels, steps] to [steps, channels]."""
    rows: Floats = signal[0].T.cpu().numpy()
    return np.ascontiguousarray(rows)
