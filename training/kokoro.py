"""Speech from Kokoro-82M (Apache-2.0): its ONNX model, its voice packs and misaki's phonemes."""

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

SAMPLE_RATE_HZ = 24_000
SAMPLES_PER_UNIT = 600
"""Kokoro's durations count units of 25 ms."""

_DURATIONS = "/encoder/Clip_output_0"
"""Inside the model: the whole units that each phoneme lasts."""
_PITCH = "/encoder/F0_proj/Conv_output_0"
"""Inside the model: Hz of each half unit, next to nothing in silence."""

_MOST_PHONEMES = 508

_SPELLED = re.compile(r"(?<![A-Za-z])[B-Z]{2,4}(?![A-Za-z])")
"""Said by their letters; with an A, espeak-ng would say the article."""
_ENGLISH_WITHIN = re.compile(r"([A-Za-z][A-Za-z' ]*)")


class Timed(NamedTuple):
    """A sentence at 24 kHz, the units of each known phoneme with a pause before and after, and the
    pitch in Hz of each half unit, which stays near 8 where nothing is voiced."""

    samples: npt.NDArray[np.float32]
    units: npt.NDArray[np.int64]
    pitch: npt.NDArray[np.float32]


class Kokoro:
    """One synthesizer; `folder` is what `fetch.sh` made."""

    def __init__(self, folder: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        model = onnx.load(folder / "kokoro.onnx")
        for inner in (_DURATIONS, _PITCH):
            value = onnx.helper.make_tensor_value_info(inner, onnx.TensorProto.FLOAT, None)
            model.graph.output.append(value)
        self._session = onnxruntime.InferenceSession(model.SerializeToString(), options)
        config = json.loads((folder / "kokoro_onnx" / "config.json").read_text("utf-8"))
        self._ids: dict[str, int] = config["vocab"]
        self._voices = folder / "package" / "voices"

    def speak(
        self, phonemes: str, voices: dict[str, float], speed: float
    ) -> npt.NDArray[np.float32]:
        """Samples at 24 kHz; several voices with shares make a new one between them."""
        return self.speak_timed(phonemes, voices, speed).samples

    def speak_timed(self, phonemes: str, voices: dict[str, float], speed: float) -> Timed:
        """The same with its timing and melody."""
        ids = [self._ids[p] for p in phonemes if p in self._ids][:_MOST_PHONEMES]
        style = sum(share * self._pack(voice)[len(ids)] for voice, share in voices.items())
        audio, durations, pitch = self._session.run(
            None,
            {
                "tokens": np.array([[0, *ids, 0]], np.int64),
                "style": np.asarray(style, np.float32).reshape(1, 256),
                "speed": np.array([speed], np.float32),
            },
        )
        units = durations.reshape(-1).astype(np.int64)
        return Timed(np.asarray(audio, np.float32).reshape(-1), units, pitch.reshape(-1))

    @lru_cache(maxsize=64)  # noqa: B019  the object lives as long as the process
    def _pack(self, voice: str) -> npt.NDArray[np.float32]:
        return np.fromfile(self._voices / f"{voice}.bin", np.float32).reshape(510, 256)


class Phonemes:
    """Kokoro's phonemes for English and Mandarin."""

    def __init__(self) -> None:
        from misaki import espeak, zh

        self._english = {
            "a": espeak.EspeakG2P(language="en-us"),
            "b": espeak.EspeakG2P(language="en-gb"),
        }
        self._mandarin = zh.ZHG2P()

    def of(self, text: str, language: str, voice: str) -> str:
        """Phonemes of a sentence as `voice` would say it: British for voices named `b...`.

        English within Mandarin is taken out first: misaki would leave its letters as they are.
        """
        english = self._english.get(voice[0], self._english["a"])
        text = _SPELLED.sub(lambda letters: " ".join(letters[0]), text)
        if language == "en":
            return str(english(text)[0])
        return " ".join(
            str((english if part[0].isascii() else self._mandarin)(part)[0])
            for part in _ENGLISH_WITHIN.split(text)
            if part.strip()
        )
