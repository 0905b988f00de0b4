"""Judge the voice by recognizers that never met it, beside the teacher's own audio.

Whisper base hears 60 unseen English and 60 unseen Mandarin sentences: word errors in English,
character errors in Mandarin, numbers as words, Chinese characters simplified, no punctuation. The
demo recognizer hears the 20 commands of each language; it must be right to the letter. `likeness`
says how near the sound is to the teacher's.
"""

import argparse
import itertools
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cn2an
import jiwer
import matplotlib
import numpy as np
import opencc
import pyloudnorm
import torch
from faster_whisper import WhisperModel
from num2words import num2words

from training.voice.likeness import Likeness, likeness, tones_heard, twins
from training.voice.reading import read
from training.voice.sentences import judged_sentences
from training.voice.synthesize import RATE_HZ
from wyoming_funasr.audio.frontend import Frontend
from wyoming_funasr.audio.vad import SileroVoiceActivity
from wyoming_funasr.engines.base import Place
from wyoming_funasr.engines.table import load_engine
from wyoming_funasr.recognition.recognizer import RecognitionRequest, Recognizer
from wyoming_melotts.frontends import frontend_for
from wyoming_melotts.frontends.plain_tokenizer import PlainTokenizer
from wyoming_melotts.synthesis.acoustic.model import Prosody, seeded_noise
from wyoming_melotts.synthesis.acoustic.torch.voice import TorchVoice
from wyoming_melotts.synthesis.speech import Reader, SpeakingModel, SpeechOptions, call_here
from wyoming_melotts.voices import LANGUAGES
from wyoming_serving.audio import Samples
from wyoming_serving.devices import choose_device

_KEYS = {"en": "EN", "zh": "ZH"}
_NAMES = {"en": "English", "zh": "Mandarin"}
_COMMANDS = 20
_SHOWN = {"en": 20, "zh": 40}
"""The sentence of each language whose spectrogram is drawn."""

_SIMPLIFIED = opencc.OpenCC("t2s")


@dataclass(frozen=True)
class Heard:
    """What one recognizer made of one set of sentences."""

    error_rate: float
    whole: float
    wrong: list[tuple[str, str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--voice", type=Path, required=True, help="folder of the voice")
    parser.add_argument("--corpus", type=Path, required=True, help="with the teacher's audio")
    parser.add_argument("--whisper", type=Path, required=True, help="folder of Whisper base")
    parser.add_argument("--recognizer", type=Path, help="folder of the demo recognizer")
    parser.add_argument("--every", type=int, default=1, help="judge each so manieth sentence")
    parser.add_argument("--report", type=Path, help="a Markdown file to write, pictures beside it")
    given = parser.parse_args()
    torch.set_num_threads(1)
    whisper = WhisperModel(str(given.whisper), device="cpu", compute_type="int8", cpu_threads=1)
    reports = [_report(given, whisper, language) for language in _NAMES]
    rows, facts, wrong = ([line for report in reports for line in report[i]] for i in range(3))
    head = ["| who speaks | who listens | sentences | error rate | without error |"]
    sound = sound_table(given.voice, given.corpus)
    report = "\n".join([*head, "|---|---|---|---|---|", *rows, "", *sound, "", *facts, *wrong])
    print(report, flush=True)
    if given.report:
        given.report.write_text(report + "\n", encoding="utf-8")


def _report(
    given: argparse.Namespace, whisper: WhisperModel, language: str
) -> tuple[list[str], list[str], list[str]]:
    """Rows of the table, facts of the sound and errors of one language."""
    name, texts = _NAMES[language], judged_sentences(language)[:: given.every]
    chunks = speak(given.voice, language, texts)
    spoken = [np.concatenate(parts) for parts in chunks]
    teacher = teachers_audio(given.corpus / f"judged-{language}.npz")[:: given.every]
    kept = teachers_transcripts(whisper, given.corpus, language)[:: given.every]
    heard = {
        (f"demo voice, {name}", "Whisper base"): (texts, listen(whisper, spoken, language)),
        (f"teacher, {name}", "Whisper base"): (texts, kept),
    }
    if given.recognizer:
        commands = texts[: _COMMANDS // given.every]
        for who, audio in (("demo voice", spoken), ("teacher", teacher)):
            written = recognize(given.recognizer, audio[: len(commands)])
            heard[f"{who}, {name} commands", "demo recognizer"] = (commands, written)
    if given.report:
        place = _SHOWN[language] // given.every
        picture = given.report.parent / f"spectrogram_{language}.png"
        draw(picture, texts[place], {"demo voice": spoken[place], "teacher": teacher[place]})
    judged = {key: judge(*pair, language) for key, pair in heard.items()}
    rows = [_row(*key, len(heard[key][0]), result) for key, result in judged.items()]
    wrong = [line for key, one in judged.items() for line in _wrong_lines(", ".join(key), one)]
    return rows, list(sound_facts(name, texts, chunks)), wrong


def sound_table(voice: Path, corpus: Path) -> Iterator[str]:
    """Rows of how the voice sounds beside the teacher, both with the teacher's timing."""
    yield "| with the teacher's timing | English | Mandarin |"
    yield "|---|---|---|"
    pairs = [twins(voice, corpus / f"judged-{language}.npz") for language in _NAMES]
    found = [likeness(one) for one in pairs]

    def row(name: str, form: str, value: Callable[[Likeness], float]) -> str:
        return f"| {name} | " + " | ".join(form.format(value(one)) for one in found) + " |"

    yield row("correlation of log pitch", "{:.2f}", lambda one: one.pitch_correlation)
    yield row("both voiced, or neither", "{:.0%}", lambda one: one.voicing_agreement)
    yield row("mel distance", "{:.1f} dB", lambda one: one.mel_distance_db)
    yield row("harmonics to noise, median", "{:.1f} dB", lambda one: one.harmonicity_db)
    yield row("the teacher's", "{:.1f} dB", lambda one: one.teachers_harmonicity_db)
    heard, teachers = tones_heard(pairs[-1])
    yield f"| tones named rightly | | {heard:.0%}, the teacher's {teachers:.0%} |"


def speak(folder: Path, language: str, texts: list[str]) -> list[list[Samples]]:
    """The chunks of the voice's audio, as the service computes them."""
    key = _KEYS[language]
    frontend = frontend_for(key, PlainTokenizer())
    reader = Reader(LANGUAGES[key], frontend, SpeechOptions())
    voice = TorchVoice.load(folder, "cpu")
    model = SpeakingModel(LANGUAGES[key], voice, reader, None, call_here)
    speaker = next(iter(model.speakers))
    return [
        list(model.speak(text, speaker, Prosody(), 0, seeded_noise(0), lambda: False))
        for text in texts
    ]


def teachers_audio(path: Path) -> list[Samples]:
    """The teacher's clips of one shard."""
    content = np.load(path)
    audio = content["audio"].astype(np.float32) / 32768
    return np.split(audio, np.cumsum(content["samples"])[:-1])


def teachers_transcripts(whisper: WhisperModel, corpus: Path, language: str) -> list[str]:
    """What Whisper writes of the teacher's judged clips; heard once and kept beside them."""
    kept = corpus / f"judged-{language}.json"
    if not kept.exists():
        audio = teachers_audio(corpus / f"judged-{language}.npz")
        kept.write_text(json.dumps(listen(whisper, audio, language), ensure_ascii=False))
    transcripts: list[str] = json.loads(kept.read_text())
    return transcripts


def listen(whisper: WhisperModel, audio: list[Samples], language: str) -> list[str]:
    """What Whisper writes."""
    written = []
    for samples in audio:
        padded = np.pad(samples, RATE_HZ // 4).astype(np.float32)
        segments, _ = whisper.transcribe(padded, language=language, beam_size=1)
        written.append("".join(segment.text for segment in segments).strip())
    return written


def recognize(folder: Path, audio: list[Samples]) -> list[str]:
    """What the demo recognizer writes."""
    place = Place(choose_device("cpu", "auto"), 1, Path(tempfile.gettempdir()))
    engine = load_engine("sense_voice", folder, place)
    frontend = Frontend(engine.fbank, SileroVoiceActivity(), longest_segment_ms=30_000)
    speech = (frontend.segments(np.pad(samples, RATE_HZ // 4)) for samples in audio)
    requests = [RecognitionRequest(segments) for segments in speech]
    return [found.text for found in Recognizer(engine).recognize(requests)]


def judge(texts: list[str], written: list[str], language: str) -> Heard:
    """Compare words or characters."""
    said = [plain(text, language) for text in texts]
    got = [plain(text, language) for text in written]
    rate = (jiwer.wer if language == "en" else jiwer.cer)(said, got)
    pairs = list(zip(texts, written, said, got, strict=True))
    wrong = [(text, found) for text, found, a, b in pairs if a != b]
    return Heard(rate, 1 - len(wrong) / len(texts), wrong)


def plain(text: str, language: str) -> str:
    """Lower case, simplified, numbers as words, no punctuation."""
    text = text.lower()
    if language == "en":
        text = re.sub(r"(\d)%", r"\1 percent", text)
        text = re.sub(r"\b(\d+):00\b", r"\1 o'clock", text).replace(":", " ")
        text = re.sub(r"\d+", lambda number: f" {num2words(int(number[0]))} ", text)
        text = text.replace("-", " ").replace("'", "")
        return " ".join(re.sub(r"[^a-z ]", " ", text).split())
    text = _SIMPLIFIED.convert(text)
    text = re.sub(r"(\d+)%", r"百分之\1", text)
    text = re.sub(r"\d+", lambda number: str(cn2an.an2cn(number[0])), text)
    text = re.sub(r"^一十|(?<=[^二三四五六七八九])一十", "十", text)
    return re.sub(r"[^a-z\u4e00-\u9fff]", "", text)


def sound_facts(name: str, texts: list[str], chunks: list[list[Samples]]) -> Iterator[str]:
    """Loudness, highest level, speed, and whether chunks fit together."""
    spoken = [np.concatenate(parts) for parts in chunks]
    meter = pyloudnorm.Meter(RATE_HZ)
    loudness = [meter.integrated_loudness(samples.astype(float)) for samples in spoken]
    peak = max(float(np.abs(samples).max()) for samples in spoken)
    rates = [
        syllables(text) / (len(samples) / RATE_HZ)
        for text, samples in zip(texts, spoken, strict=True)
    ]
    borders = [abs(float(b[0] - a[-1])) for parts in chunks for a, b in itertools.pairwise(parts)]
    inside = max(float(np.abs(np.diff(samples)).max()) for samples in spoken)
    yield (
        f"- {name}: {np.median(loudness):.1f} LUFS ({min(loudness):.1f} to {max(loudness):.1f}), "
        f"highest sample {peak:.2f}, {np.median(rates):.1f} syllables a second "
        f"({min(rates):.1f} to {max(rates):.1f}); from one sample to the next at most "
        f"{max(borders):.2f} at the {len(borders)} borders of chunks, {inside:.2f} elsewhere"
    )


def syllables(text: str) -> int:
    """Vowels, which are the phones that can bear a tone."""
    phonemes = read(text)
    pairs = zip(phonemes.phones, phonemes.tones, strict=True)
    tones = [tone for phone, tone in pairs if phone not in "!?…,.'-_"]
    return sum(tone > 7 for tone in tones) + sum(0 < tone < 7 for tone in tones) // 2


def draw(path: Path, text: str, audio: dict[str, Samples]) -> None:
    """Spectrograms below each other, the whole band and the lowest harmonics."""
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, rows = pyplot.subplots(len(audio), 2, figsize=(14, 3.5 * len(audio)), squeeze=False)
    for (who, samples), row in zip(audio.items(), rows, strict=True):
        for most_hz, axes in zip((RATE_HZ // 2, 2000), row, strict=True):
            axes.specgram(
                samples + 1e-6, NFFT=800, pad_to=2048, Fs=RATE_HZ, noverlap=720, vmin=-100, vmax=-35
            )
            axes.set_ylim(0, most_hz)
            axes.set_title(f"{who}: {text}" if text.isascii() else who)
            axes.set_ylabel("Hz")
    figure.tight_layout()
    figure.savefig(path, dpi=60)
    pyplot.close(figure)


def _row(who: str, listener: str, count: int, heard: Heard) -> str:
    return f"| {who} | {listener} | {count} | {heard.error_rate:.1%} | {heard.whole:.0%} |"


def _wrong_lines(title: str, heard: Heard) -> list[str]:
    return ["", f"{title}, wrong ones:", "", *(f"- {said} → {got}" for said, got in heard.wrong)]


if __name__ == "__main__":
    main()
