"""Streaming Paraformer on random weights: FunASR's text, whatever was recognized before."""

import asyncio
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from wyoming.asr import Transcript, TranscriptChunk

from tests.support.speech import SPEECH, speech_samples
from tests.support.waiting import until
from tests.support.wire import connect
from tests.wyoming_funasr.conftest import ServiceMaker
from tests.wyoming_funasr.requests.test_utterance import (
    START,
    STOP,
    WITHOUT,
    chunks,
    heard_chunks,
    read_until_stop,
    silence,
    transcript,
)
from wyoming_funasr.audio.fbank import FbankStream
from wyoming_funasr.engines.base import Place
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.onnx.paraformer_streaming import load
from wyoming_funasr.engines.paraformer_streaming import ParaformerStreaming
from wyoming_funasr.engines.table import load_punctuation
from wyoming_funasr.engines.tokens import settled as settled_tokens
from wyoming_funasr.engines.torch import components
from wyoming_funasr.engines.torch.paraformer_streaming import MODULES, STREAMING, StreamingTorch
from wyoming_funasr.models import choose_model
from wyoming_funasr.recognition.text import clean
from wyoming_funasr.recognition.types import FbankSettings, Memory, Segment
from wyoming_funasr.service import FunasrService
from wyoming_serving.devices import Device
from wyoming_serving.service import running

FLOAT32 = Device("cpu", "float32", "CPU, float32")
HOP_SAMPLES = 160
CHUNK_HOPS = 60
SAMPLES = np.concatenate([speech_samples()] * 2)


@pytest.fixture(scope="module")
def engine(tiny_paraformer_streaming: Path, float32: Place) -> ParaformerStreaming:
    return load(ModelFolder(tiny_paraformer_streaming), float32, None)


def beginning(hops: int, memory: Memory | None = None, *, is_final: bool = True) -> Segment:
    """The recording's first `hops` of 10 ms each."""
    stream = FbankStream(FbankSettings())
    stream.take(SAMPLES[: hops * HOP_SAMPLES])
    fbank = stream.between(0, hops * HOP_SAMPLES)
    return Segment(fbank, memory=memory or Memory(), is_final=is_final)


def funasr_text(folder: Path, samples: np.ndarray, block: int, **chunks: object) -> str:
    """What FunASR's own streaming `inference` makes of samples that come in blocks."""
    parts = components.build(folder, MODULES, FLOAT32)
    options = parts.config | STREAMING | chunks
    options |= {"tokenizer": parts.tokenizer, "frontend": parts.frontend}
    options |= {"key": ["x"], "device": "cpu", "cache": {}}
    text = ""
    for start in range(0, len(samples), block):
        piece = torch.from_numpy(samples[start : start + block])
        options["is_final"] = start + block >= len(samples)
        with torch.inference_mode():
            results, _ = parts.model.inference([piece], **options)
        text += results[0]["text"]
    return clean(text).replace(" ", "")


@pytest.mark.parametrize("hops", [1, 5, 6, 7, 30, 59, 60, 61, 65, 66, 120, 125, 126, 300, 347])
def test_it_is_funasrs_at_any_length(
    engine: ParaformerStreaming, tiny_paraformer_streaming: Path, hops: int
) -> None:
    heard = engine.recognize([beginning(hops)])[0]
    samples = SAMPLES[: hops * HOP_SAMPLES]
    assert heard.text.replace(" ", "") == funasr_text(tiny_paraformer_streaming, samples, 1600)
    assert heard.text or hops < 6
    assert 0 <= heard.confidence <= 1


def test_a_growing_utterance_gives_what_it_gives_at_once(engine: ParaformerStreaming) -> None:
    memory = Memory()
    texts = []
    for hops in range(10, 340, 30):
        partly = engine.recognize([beginning(hops, memory, is_final=False)])[0]
        assert memory.state is None or memory.state.chunks == hops // CHUNK_HOPS
        texts.append(partly.text)
    final = engine.recognize([beginning(347, memory)])[0]
    assert final == engine.recognize([beginning(347)])[0]
    assert len(set(texts)) > 3
    assert all(final.text.startswith(text) for text in texts)
    assert texts == sorted(texts, key=len)


def test_nothing_new_costs_nothing(engine: ParaformerStreaming) -> None:
    memory = Memory()
    first = engine.recognize([beginning(130, memory, is_final=False)])[0]
    state = memory.state
    assert engine.recognize([beginning(170, memory, is_final=False)])[0] == first
    assert memory.state is state


def test_a_final_in_a_pause_does_not_end_the_stream(engine: ParaformerStreaming) -> None:
    memory = Memory()
    for hops in (100, 150, 180, 182, 250):
        expected = engine.recognize([beginning(hops)])[0]
        assert engine.recognize([beginning(hops, memory)])[0] == expected
        assert engine.recognize([beginning(hops, memory)])[0] == expected


def test_what_is_shorter_than_what_was_heard_is_heard_anew(engine: ParaformerStreaming) -> None:
    memory = Memory()
    engine.recognize([beginning(300, memory, is_final=False)])
    expected = engine.recognize([beginning(150)])[0]
    assert engine.recognize([beginning(150, memory)])[0] == expected


def test_utterances_of_a_batch_do_not_mix(engine: ParaformerStreaming) -> None:
    one, other = Memory(), Memory()
    engine.recognize([beginning(130, one, is_final=False)])
    together = engine.recognize([beginning(200, other), beginning(310, one)])
    assert together == [engine.recognize([beginning(hops)])[0] for hops in (200, 310)]


def test_punctuation_is_for_the_final_text(
    tiny_paraformer_streaming: Path, tiny_ct_punc: Path, float32: Place
) -> None:
    punctuation = load_punctuation(tiny_ct_punc, float32)
    engine = load(ModelFolder(tiny_paraformer_streaming), float32, punctuation)
    plain = load(ModelFolder(tiny_paraformer_streaming), float32, None)
    partly, final = engine.recognize([beginning(240, is_final=False), beginning(240)])
    assert partly == plain.recognize([beginning(240, is_final=False)])[0]
    unmarked = plain.recognize([beginning(240)])[0].text
    assert final.text == clean(punctuation.punctuate(unmarked)) != unmarked


def test_lower_precision_is_close(
    engine: ParaformerStreaming, tiny_paraformer_streaming: Path, int8: Place
) -> None:
    folder = ModelFolder(tiny_paraformer_streaming)
    on_torch = StreamingTorch(folder.path, Device("cpu", "float16", ""))
    exact = engine.recognize([beginning(300)])[0]
    for lower in (load(folder, int8, None), ParaformerStreaming(folder, on_torch, None)):
        close = lower.recognize([beginning(300)])[0]
        assert close.text
        assert close.confidence == pytest.approx(exact.confidence, rel=0.02)


@pytest.mark.parametrize(
    ("tokens", "settled"),
    [
        (["打", "开", "wi@@", "fi"], 4),
        (["打", "开", "wi@@"], 2),
        (["打", "开", "u", "s"], 2),
        (["a", "light"], 2),
        ([], 0),
    ],
)
def test_unfinished_words_are_held_back(tokens: list[str], settled: int) -> None:
    assert settled_tokens(tokens) == tokens[:settled]


def test_its_models_are_known_by_their_names(tiny_paraformer_streaming: Path) -> None:
    names = [
        "paraformer-zh-streaming",
        "funasr/paraformer-zh-streaming",
        "someone/paraformer-small-online",
        str(tiny_paraformer_streaming),
    ]
    assert {choose_model(name).family for name in names} == {"paraformer_streaming"}
    assert choose_model("paraformer-zh").family == "paraformer"


async def speak(port: int, service: FunasrService, pcm: bytes) -> list[str]:
    """Send audio as fast as it is heard; gives the chunks of text, and then the final text."""
    async with connect(port) as wire:
        await wire.send(START)
        for count, chunk in enumerate(chunks(pcm, 9_600), start=1):
            await wire.send(chunk)
            await until(partial(heard_chunks, service, count))
        await wire.send(STOP)
        events = await read_until_stop(wire)
    texts = [TranscriptChunk.from_event(event).text for event in events[1:-2]]
    return [*texts, Transcript.from_event(events[-2]).text]


async def test_partial_transcripts_are_the_final_text_in_chunks(
    make_service: ServiceMaker, tiny_paraformer_streaming: Path
) -> None:
    words = ("--model-dir", str(tiny_paraformer_streaming), "--no-use-itn", WITHOUT)
    pcm = SPEECH + silence(0.5) + SPEECH
    async with running(make_service(*words)) as port, connect(port) as wire:
        await wire.send(START, *chunks(pcm), STOP)
        expected = await transcript(wire)
    service = make_service(*words, "--partial-transcripts", "--partial-window-seconds", "2")
    async with running(service) as port:
        *texts, final = await speak(port, service, pcm)
    assert len(texts) >= 5  # where the model takes nothing back, the window is no limit
    assert "".join(texts) == final == expected.text


async def test_two_at_once_do_not_mix(
    make_service: ServiceMaker, tiny_paraformer_streaming: Path
) -> None:
    words = ("--model-dir", str(tiny_paraformer_streaming), "--no-use-itn", WITHOUT)
    service = make_service(*words, "--partial-transcripts", "--threads", "2")
    recordings = [SPEECH, SPEECH[len(SPEECH) // 2 :] + SPEECH]

    async def final(port: int, pcm: bytes) -> str:
        async with connect(port) as wire:
            await wire.send(START)
            for chunk in chunks(pcm, 9_600):
                await wire.send(chunk)
                await asyncio.sleep(0)
            await wire.send(STOP)
            events = await read_until_stop(wire)
        texts = [TranscriptChunk.from_event(event).text for event in events[1:-2]]
        assert "".join(texts) == Transcript.from_event(events[-2]).text
        return "".join(texts)

    async with running(service) as port:
        alone = [await final(port, pcm) for pcm in recordings]
        together = await asyncio.gather(*(final(port, pcm) for pcm in recordings * 2))
    assert alone[0] != alone[1]
    assert together == alone * 2
