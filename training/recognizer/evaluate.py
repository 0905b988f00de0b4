"""Error rates of the exported model, heard through the service's own recognizer.

Word error rate for English, character error rate for Mandarin, both without punctuation and
capitals. Silero cuts the silence and the engine runs as in the service.
"""

import argparse
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jiwer
import numpy as np
import soundfile
import soxr

from training.recognizer.speech import SpeechFolder
from wyoming_funasr.audio.fbank import SAMPLE_RATE_HZ
from wyoming_funasr.audio.frontend import Frontend
from wyoming_funasr.audio.vad import SileroVoiceActivity
from wyoming_funasr.engines.base import Place
from wyoming_funasr.engines.table import load_engine
from wyoming_funasr.pipeline import LoadedModel
from wyoming_funasr.recognition.recognizer import RecognitionRequest, Recognizer
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.audio import Samples
from wyoming_serving.devices import choose_device

_BATCH = 16
GRAPHS: Path = FunasrSettings.model_fields["cache_dir"].default
"""Where the service keeps the graphs that it makes of models."""

_LONGEST_SEGMENT_MS = 30_000
_ERRORS_SHOWN = 8
_LANGUAGES = {"en": "English", "zh": "Mandarin"}


@dataclass(frozen=True)
class Example:
    """A recording at 16 kHz, samples from -1 to 1, and what it says."""

    language: str
    words: str
    samples: Samples


@dataclass(frozen=True)
class Result:
    """`error_rate` is of words in English and of characters in Mandarin."""

    title: str
    error_rate: float
    whole: float
    """Share of sentences without an error."""
    pairs: list[tuple[str, str]]
    """What was said and what was written."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--speech", type=Path, required=True, help="folder of synthesize.py")
    parser.add_argument("--recordings", type=Path, help="folder with WAV files, transcripts.tsv")
    parser.add_argument("--report", type=Path, help="a Markdown file to write")
    parser.add_argument("--curve", type=Path, help="curve.tsv of the training, for the report")
    parser.add_argument("--precision", default="auto", help="float32, int8 or auto, as the service")
    given = parser.parse_args()
    evaluate(
        given.model, given.speech, given.recordings, given.report, given.curve, given.precision
    )


def evaluate(
    model: Path,
    speech: Path,
    recordings: Path | None,
    report: Path | None,
    curve: Path | None,
    precision: str,
) -> None:
    """Judge the test clips and the recordings; print the result and write it to `report`."""
    loaded = load(model, precision)
    results = [
        judge(loaded, f"{title}, unseen sentences, held-out voices", examples)
        for language, title in _LANGUAGES.items()
        if (examples := list(_spoken(speech / "test", language)))
    ]
    if recordings:
        results.append(judge(loaded, "Recordings", list(_recordings(recordings))))
    text = "\n".join([*_lines(results), *(_curve(curve) if curve else [])])
    print(text)
    if report:
        report.write_text(text + "\n", "utf-8")


def load(folder: Path, precision: str = "auto") -> LoadedModel:
    """The demo model on the CPU as the service runs it."""
    device = choose_device("cpu", precision)
    engine = load_engine("sense_voice", folder, Place(device, 1, GRAPHS))
    frontend = Frontend(engine.fbank, SileroVoiceActivity(), _LONGEST_SEGMENT_MS)
    return LoadedModel(frontend, Recognizer(engine), device)


def judge(model: LoadedModel, title: str, examples: list[Example]) -> Result:
    """Recognize `examples` and count errors."""
    heard: list[str] = []
    for start in range(0, len(examples), _BATCH):
        batch = examples[start : start + _BATCH]
        requests = [RecognitionRequest(model.frontend.segments(one.samples)) for one in batch]
        heard += [found.text for found in model.recognizer.recognize(requests)]
    said = [_plain(one.words) for one in examples]
    written = [_plain(text) for text in heard]
    by_word = all(one.language == "en" for one in examples)
    rate = (jiwer.wer if by_word else jiwer.cer)(said, written)
    right = sum(a == b for a, b in zip(said, written, strict=True))
    pairs = list(zip([one.words for one in examples], heard, strict=True))
    return Result(title, rate, right / len(examples), pairs)


def _plain(text: str) -> str:
    text = re.sub(r"[.,?!。，？！]", "", text.lower())
    return text.strip() if text.isascii() else text.replace(" ", "")


def _spoken(folder: Path, language: str) -> Iterator[Example]:
    for clip in SpeechFolder(folder).recordings():
        if clip.language == language:
            yield Example(language, clip.words, clip.sound())


def _recordings(folder: Path) -> Iterator[Example]:
    """English and Mandarin files of `folder`, any rate and number of channels."""
    with (folder / "transcripts.tsv").open(encoding="utf-8") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            if row["language"] in ("en", "zh"):
                sound, rate_hz = soundfile.read(folder / row["file"], dtype="float32")
                mono = sound.mean(axis=1) if sound.ndim == 2 else sound
                samples = np.asarray(soxr.resample(mono, rate_hz, SAMPLE_RATE_HZ), np.float32)
                yield Example(row["language"], row["text"], samples)


def _lines(results: list[Result]) -> Iterator[str]:
    yield "| what | sentences | error rate | sentences without error |"
    yield "|---|---|---|---|"
    for one in results:
        yield f"| {one.title} | {len(one.pairs)} | {one.error_rate:.1%} | {one.whole:.0%} |"
    for one in results:
        wrong = [(said, got) for said, got in one.pairs if _plain(said) != _plain(got)]
        shown = one.pairs if one.title == "Recordings" else wrong[:_ERRORS_SHOWN]
        yield f"\n{one.title}{'' if one.title == 'Recordings' else ', wrong ones'}:\n"
        yield from (f"- {said} → {got}" for said, got in shown)


def _curve(file: Path) -> Iterator[str]:
    """The learning curve that `development.py` wrote."""
    yield "\nLearning curve: greedy character errors, capitals and punctuation counted, in the"
    yield "development set, clean and in a noisy room; CPU time on one thread.\n"
    yield "| steps | minutes | English | noisy | Mandarin | noisy |"
    yield "|---:|---:|---:|---:|---:|---:|"
    with file.open(encoding="utf-8") as table:
        for steps, seconds, *errors in list(csv.reader(table, delimiter="\t"))[1:]:
            shown = " | ".join(f"{float(error):.1%}" for error in errors)
            yield f"| {steps} | {float(seconds) / 60:.0f} | {shown} |"


if __name__ == "__main__":
    main()
