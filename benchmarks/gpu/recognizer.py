"""How long SenseVoice takes for audio of several lengths and in batches, and in how much memory."""

import numpy as np

from benchmarks.gpu import weights
from benchmarks.gpu.run import Run
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.sense_voice import NORMALIZED_QUERY, Query, SenseVoice
from wyoming_funasr.engines.torch.sense_voice import SenseVoiceTorch
from wyoming_funasr.recognition.types import Features, Segment
from wyoming_serving.devices import Precision

ROW_S = 0.06
_SECONDS = (1, 3, 5, 10, 30)
_BATCHES = (1, 2, 4, 8, 16, 32, 64)
_PRECISIONS: tuple[Precision, ...] = ("float16", "float32")


def measure(run: Run) -> None:
    """Measure the network alone, from features to log posteriors on the host, and the engine."""
    path = weights.sense_voice(run)
    folder = ModelFolder(path)
    for precision in _PRECISIONS:
        run.forget_memory()
        network = SenseVoiceTorch(path, run.place(precision))
        run.add("memory", precision=precision, weights_mb=run.peak_mb())
        engine = SenseVoice(folder, network)
        for seconds in run.of_size(_SECONDS, (1, 3)):
            for batch in run.of_size(_BATCHES, (1, 2)):
                if precision == "float32" and batch not in (1, 8, 64):
                    continue
                features = speech(seconds)
                queries = [Query(features, 0, NORMALIZED_QUERY)] * batch
                segments = [Segment(features)] * batch
                run.forget_memory()
                rounds = 20 if seconds * batch < 300 else 5
                network_ms = run.milliseconds(lambda: list(network.log_probs(queries)), rounds)  # noqa: B023
                engine_ms = run.milliseconds(lambda: engine.recognize(segments), min(rounds, 5))  # noqa: B023
                run.add(
                    "speed",
                    precision=precision,
                    seconds=seconds,
                    batch=batch,
                    network_ms=network_ms,
                    engine_ms=engine_ms,
                    network_rtf=round(network_ms / 1000 / (seconds * batch), 6),
                    peak_mb=run.peak_mb(),
                )


def speech(seconds: float) -> Features:
    """Returns features of so much audio, of random values."""
    rows = round(seconds / ROW_S)
    return np.random.default_rng(rows).normal(size=(rows, 560)).astype(np.float32)
