"""Cutting text into sentences while it arrives."""

from collections.abc import Iterable, Iterator

from sentence_stream import SentenceBoundaryDetector


class SentenceCutter:
    """Returns each sentence as soon as it is complete."""

    def __init__(self) -> None:
        self._detector = SentenceBoundaryDetector()

    def push(self, text: str) -> Iterable[str]:
        """The sentences that `text` completes."""
        return self._detector.add_chunk(text)

    def finish(self) -> Iterator[str]:
        """What is left."""
        rest = self._detector.finish()
        if rest:
            yield rest


def cut_sentences(text: str) -> list[str]:
    """The sentences of a whole text."""
    cutter = SentenceCutter()
    return [*cutter.push(text), *cutter.finish()]
