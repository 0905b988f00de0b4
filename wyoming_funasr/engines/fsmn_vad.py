"""FunASR's own voice activity detection, fsmn-vad, while audio arrives.

Frames: FunASR, `funasr/models/fsmn_vad_streaming/model.py` (`GetFrameState`, `WindowDetector`):
a frame is speech where the network is surer of it than of silence by a margin, and someone speaks
where three quarters of a window are speech.
"""

from collections import deque
from typing import Protocol

import numpy as np
import numpy.typing as npt

from wyoming_funasr.audio.fbank import HOP_SAMPLES, FbankStream
from wyoming_funasr.audio.vad import Span
from wyoming_funasr.engines.features import FeatureStacker
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.recognition.types import HOP_MS, Features
from wyoming_serving.audio import Samples

Caches = list[npt.NDArray[np.float32]]
"""What each layer of the network remembers of the past."""

_FRAMES_AHEAD = 2
"""A row of features looks at two frames before and two behind."""


class FsmnNetwork(Protocol):
    """Says of each row what sound it is."""

    def start(self) -> Caches:
        """What is remembered before the first row."""

    def posteriors(self, rows: Features, caches: Caches) -> tuple[npt.NDArray[np.float32], Caches]:
        """Posteriors, shape [rows, sounds], and what is remembered behind these rows."""


class FsmnVoiceActivity:
    """fsmn-vad from its model folder; 0.4 M parameters, so it always runs on the CPU."""

    def __init__(self, folder: ModelFolder, network: FsmnNetwork) -> None:
        self._network = network
        self._stacker = FeatureStacker(folder)
        self._conf = folder.section("model_conf")

    def stream(self) -> "FsmnStream":
        """Begin an utterance."""
        silences = list(self._conf.get("sil_pdf_ids", [0]))
        margin = float(self._conf.get("speech_noise_thres", 0.6))
        window = WindowTracker(
            int(self._conf.get("window_size_ms", 200)) // HOP_MS,
            int(self._conf.get("sil_to_speech_time_thres", 150)) // HOP_MS,
            int(self._conf.get("speech_to_sil_time_thres", 150)) // HOP_MS,
        )
        return FsmnStream(self._network, self._stacker, silences, margin, window)


class FsmnStream:
    """Speech in one utterance."""

    def __init__(
        self,
        network: FsmnNetwork,
        stacker: FeatureStacker,
        silences: list[int],
        margin: float,
        tracker: "WindowTracker",
    ) -> None:
        self._network = network
        self._stacker = stacker
        self._fbank = FbankStream(stacker.fbank)
        self._silences = silences
        self._most_silence = (1 - margin) / 2
        self._caches = network.start()
        self._tracker = tracker
        self._frames: deque[bool] = deque()
        self._rows = 0
        self._samples = 0
        self._is_whole = False

    def take(self, samples: Samples, *, last: bool) -> None:
        """Compute what the next samples need."""
        self._samples += len(samples)
        self._fbank.take(samples)
        self._is_whole = last
        fbank = self._fbank.between(0, self._samples)
        ready = len(fbank) if last else len(fbank) - _FRAMES_AHEAD
        if ready <= self._rows:
            return
        first = max(0, self._rows - _FRAMES_AHEAD)
        rows = self._stacker.features(fbank[first:], 1)[self._rows - first : ready - first]
        posteriors, self._caches = self._network.posteriors(rows, self._caches)
        silence = posteriors[:, self._silences].sum(axis=1)
        self._frames.extend((silence <= self._most_silence).tolist())
        self._rows = ready

    def step(self) -> bool:
        """Go over the next frame that was taken; False where there is none."""
        if not self._frames:
            return False
        self._tracker.push(self._frames.popleft())
        return True

    @property
    def silence_ms(self) -> int:
        """Time since the last speech; 0 before the first, and while someone speaks."""
        return self._tracker.silence * HOP_MS

    @property
    def position(self) -> int:
        """Samples gone over."""
        if self._is_whole and not self._frames:
            return self._samples
        return min(self._tracker.position * HOP_SAMPLES, self._samples)

    @property
    def speech_end(self) -> int:
        """The sample behind the last speech, 0 without any; the end so far while it goes on."""
        spans = self.spans()
        return spans[-1].stop if spans else 0

    def spans(self) -> list[Span]:
        """Stretches of speech in order."""
        most = self.position
        return [
            Span(start * HOP_SAMPLES, min(stop * HOP_SAMPLES, most))
            for start, stop in self._tracker.speech()
        ]


class WindowTracker:
    """Speech and silence from frames; all numbers count frames."""

    def __init__(self, window: int, speech_from: int, silence_from: int) -> None:
        """Someone speaks from `speech_from` frames of speech in a window on, to `silence_from`."""
        self.position = 0
        self._window: deque[bool] = deque(maxlen=window)
        self._speech_from = speech_from
        self._silence_from = silence_from
        self._speech: list[tuple[int, int]] = []
        self._start: int | None = None
        self._last_end = 0

    def push(self, is_speech: bool) -> None:
        """Take the next frame."""
        self._window.append(is_speech)
        self.position += 1
        if is_speech:
            self._last_end = self.position
        count = sum(self._window)
        if self._start is None and count >= self._speech_from:
            behind = self._speech[-1][1] if self._speech else 0
            first = self.position - len(self._window) + self._window.index(True)
            self._start = max(first, behind)
        elif self._start is not None and count <= self._silence_from and not is_speech:
            self._speech.append((self._start, self._last_end))
            self._start = None

    @property
    def silence(self) -> int:
        """Frames since the last speech; 0 before the first, or while someone speaks."""
        if self._start is not None or not self._speech:
            return 0
        return self.position - self._speech[-1][1]

    def speech(self) -> list[tuple[int, int]]:
        """Stretches of speech so far; one that goes on ends here."""
        if self._start is None:
            return self._speech
        return [*self._speech, (self._start, self.position)]
