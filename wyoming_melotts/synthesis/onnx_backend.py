"""Networks that ONNX Runtime computes, on CPUs."""

from pathlib import Path

from wyoming_melotts.synthesis.acoustic.onnx.voice import OnnxVoice
from wyoming_melotts.synthesis.bert.onnx import OnnxBert
from wyoming_serving.devices import available_cores

_MOST_THREADS = 4
"""A chunk is too little work for more to gain anything.

One sentence alone takes all of them, several at once share them: a run does not wait for threads
that work on another, and threads that wait sleep (`python -m benchmarks.threads`).
"""


class OnnxBackend:
    """Loads networks for a CPU, in float32 or with 8-bit weights where they do no harm."""

    def __init__(self, cache_dir: Path, threads: int, *, int8: bool) -> None:
        """`cache_dir` keeps prepared graphs; `threads` work on one sentence, 0 for the cores."""
        self._cache_dir = cache_dir
        self._threads = threads or min(available_cores(), _MOST_THREADS)
        self._int8 = int8

    def load_voice(self, folder: Path) -> OnnxVoice:
        """The acoustic model of a voice's folder."""
        return OnnxVoice(folder, self._cache_dir, self._threads, int8=self._int8)

    def load_bert(self, folder: Path) -> OnnxBert:
        """The network of a published BERT's folder."""
        return OnnxBert.load(folder, self._cache_dir, self._threads, int8=self._int8)
