"""A model's front-end: from samples to segments of speech."""

from wyoming_funasr.audio.fbank import FbankStream
from wyoming_funasr.audio.segments import PADDING_MS
from wyoming_funasr.audio.utterance import UtteranceAudio
from wyoming_funasr.audio.vad import VoiceActivity
from wyoming_funasr.recognition.types import FbankSettings, SpeechSegment
from wyoming_serving.audio import Samples


class Frontend:
    """Filter banks as a model wants them, and voice activity detection."""

    def __init__(
        self,
        fbank: FbankSettings,
        vad: VoiceActivity,
        longest_segment_ms: int,
        padding_ms: int = PADDING_MS,
    ) -> None:
        """`padding_ms`: silence that belongs to a segment behind its speech."""
        self._fbank = fbank
        self._vad = vad
        self._longest_segment_ms = longest_segment_ms
        self._padding_ms = padding_ms

    def open(self) -> UtteranceAudio:
        """Begin an utterance."""
        return UtteranceAudio(
            FbankStream(self._fbank),
            self._vad.stream(),
            self._longest_segment_ms,
            self._padding_ms,
        )

    def segments(self, samples: Samples) -> tuple[SpeechSegment, ...]:
        """The speech in a whole recording, 16 kHz mono."""
        audio = self.open()
        audio.accept_waveform(samples, last=True)
        while audio.step():
            pass
        return audio.segments()

    def uncut(self, samples: Samples) -> SpeechSegment:
        """A whole recording as one segment, whether or not there is speech in it."""
        fbank = FbankStream(self._fbank)
        fbank.take(samples)
        return SpeechSegment(fbank.between(0, len(samples)))
