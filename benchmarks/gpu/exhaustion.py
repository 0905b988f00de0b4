"""A GPU without memory left: do clients get answers, is it said, does the service recover?

The service runs in this process, so that a tensor of ours can take the memory that it needs.
"""

import asyncio
import json
import urllib.request
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

import torch

from benchmarks.gpu import weights
from benchmarks.gpu.run import Run
from benchmarks.server_process import free_port
from benchmarks.utterances import continuous
from benchmarks.wyoming_client import RequestError, send_at_once
from wyoming_funasr.recognition.recognizer import RecognitionRequest
from wyoming_funasr.recognition.types import Recognition
from wyoming_funasr.service import FunasrService
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.service import running

_BATCH = 32
_AUDIO_S = 25
_LEFT_FOR_SINGLES_MB = 1200
"""Enough for one utterance, and for loading the engine again; too little for `_BATCH`."""
_RECOVERY_S = 120.0


def measure(run: Run) -> None:
    """Exhaust the memory twice: first for large batches, then for any."""
    asyncio.run(_measure(run))


async def _measure(run: Run) -> None:
    http_port = free_port()
    service = FunasrService(_settings(run, http_port))
    samples = continuous(3 if run.is_rehearsal else _AUDIO_S)

    async def ask(count: int) -> dict[str, Any]:
        asked = (send_at_once(port, samples) for _ in range(count))
        answers = await asyncio.gather(*asked, return_exceptions=True)
        errors = [repr(one) for one in answers if isinstance(one, BaseException)]
        expected = (RequestError, OSError, TimeoutError)
        for one in answers:
            if isinstance(one, BaseException) and not isinstance(one, expected):
                raise one
        return {"asked": count, "answered": count - len(errors), "errors": sorted(set(errors))[:3]}

    async with running(service) as port:
        batch = 4 if run.is_rehearsal else _BATCH
        run.add("phases", phase="before", **await ask(batch), **await _status(http_port))
        for phase, left_mb, count, word in (
            ("too large a batch", _LEFT_FOR_SINGLES_MB, batch, "smaller batches"),
            ("no memory at all", 0, 2, "the CPU"),
        ):
            await asyncio.to_thread(_take_memory, run, service, left_mb)
            asked = await ask(count)
            recovered = await _recovered(http_port, word)
            run.add("phases", phase=phase, **asked, **await _status(http_port))
            asked = await ask(count)
            run.add("phases", phase=f"with {word}", **asked, **await _status(http_port))
            run.note(f"recovered with {word}", recovered and asked["answered"] == count)
    _BALLAST.clear()
    if not all(run.found[f"recovered with {word}"] for word in ("smaller batches", "the CPU")):
        raise RuntimeError("the service did not recover as it should")


_BALLAST: list[torch.Tensor] = []


def _take_memory(run: Run, service: FunasrService, left_mb: int) -> None:
    """Leave so little memory on the GPU; in a rehearsal, fail as if so."""
    if not run.on_gpu:
        recognitions = service.pipelines[0].local

        def fail(_: Sequence[RecognitionRequest]) -> Sequence[Recognition | Exception]:
            raise torch.OutOfMemoryError("CUDA out of memory, as rehearsed")

        recognitions.replace(fail, recognitions.limits)
        return
    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info(run.device)
    most = free - (left_mb << 20)
    while most > 1 << 20:  # smaller and smaller: memory is in pieces
        try:
            _BALLAST.append(torch.empty(most, dtype=torch.uint8, device=run.device))
        except torch.OutOfMemoryError:
            most //= 2
        else:
            most = 0 if left_mb else most // 2


async def _recovered(http_port: int, word: str) -> bool:
    """Wait until the status says that the engine was rebuilt so, and answers."""
    try:
        async with asyncio.timeout(_RECOVERY_S):
            while True:
                status = await _status(http_port)
                if word in status["problems"].get("reduced", "") and not status["problems"].get(
                    "engine"
                ):
                    return True
                await asyncio.sleep(0.2)
    except TimeoutError:
        return False


async def _status(http_port: int) -> dict[str, Any]:
    def fetch() -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{http_port}/status", timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    status = await asyncio.to_thread(fetch)
    [engine] = status["engines"]
    return {"device": engine["device"], **{name: status[name] for name in ("state", "problems")}}


def _settings(run: Run, http_port: int) -> FunasrSettings:
    parser = ArgumentParser()
    FunasrSettings.add_arguments(parser)
    words = [
        *("--uri", "tcp://127.0.0.1:0", "--no-zeroconf", "--offline", "--device", run.device),
        *("--model-dir", str(weights.sense_voice(run)), "--http-port", str(http_port)),
        *("--max-batch", str(_BATCH), "--max-batch-seconds", str(_BATCH * (_AUDIO_S + 5))),
        *("--no-endpointing", "--max-queue", "64", "--restart-seconds", "0"),
        *("--cache-dir", str(run.cache)),
    ]
    return FunasrSettings.load(parser.parse_args(words))
