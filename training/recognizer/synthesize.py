"""Speak the plan into folders of clips; the same command resumes, SIGTERM ends it after a clip."""

import argparse
import logging
import signal
from collections.abc import Collection
from pathlib import Path
from types import FrameType

from training.recognizer.plan import Reading, readings
from training.recognizer.speech import SpeechFolder
from training.recognizer.synthesizers import NAMES, Speakers

_log = logging.getLogger(__name__)
_REPORT_EVERY = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kokoro", type=Path, required=True, help="folder that fetch.sh made")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument(
        "--synthesizers", nargs="+", choices=NAMES, default=NAMES,
        help="piper and espeak alone take minutes, where Kokoro takes hours",
    )  # fmt: skip
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    synthesize(given.kokoro, given.output, given.synthesizers)


def synthesize(kokoro: Path, output: Path, synthesizers: Collection[str] = NAMES) -> None:
    """Speak what is not there yet into `output`/train, development and test."""
    stop = _Stop()
    plan = [one for one in readings() if one.synthesizer in synthesizers]
    folders = {name: SpeechFolder(output / name) for name in ("train", "development", "test")}
    there = {name: folder.names() for name, folder in folders.items()}
    left = [one for one in plan if one.name not in there[one.set]]
    _log.info("%d of %d clips to speak", len(left), len(plan))
    if not left:
        return
    speakers = Speakers(kokoro)
    for done, reading in enumerate(left, start=1):
        _speak(speakers, reading, folders[reading.set])
        if done % _REPORT_EVERY == 0:
            _log.info("%d clips spoken, %d left", done, len(left) - done)
        if stop.asked:
            _log.info("stopped after %d clips", done)
            return
    _log.info("all spoken")


def _speak(speakers: Speakers, reading: Reading, folder: SpeechFolder) -> None:
    sound, phonemes = speakers.speak(reading)
    voice = "+".join(f"{voice}*{share:.2f}" for voice, share in reading.voices)
    described = {
        "language": reading.language, "voice": f"{reading.synthesizer}:{voice}",
        "speed": f"{reading.speed:.2f}", "text": reading.words, "kind": reading.kind,
        "phonemes": phonemes,
    }  # fmt: skip
    try:
        folder.add(reading.name, sound, described)
    except ValueError as problem:
        _log.warning("%s (%s): %s", reading.name, reading.words, problem)


class _Stop:
    """Whether SIGTERM or Ctrl-C came."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


if __name__ == "__main__":
    main()
