"""Both services on a GPU, over a socket: the answer, and what log and status say."""

import logging
from argparse import ArgumentParser
from typing import TypeVar

import pytest
from wyoming.event import Event

from tests.attack.clients import healthy_answer
from tests.attack.services import speech_to_text
from tests.attack.streams import SPEECH_TO_TEXT, TEXT_TO_SPEECH
from wyoming_funasr.service import FunasrService
from wyoming_funasr.settings import FunasrSettings
from wyoming_melotts.service import MelottsService
from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.voices import DEMO_FOLDER
from wyoming_serving.service import Service, running
from wyoming_serving.settings import Settings
from wyoming_serving.supervision import Reduction

COMMON = ("--uri", "tcp://127.0.0.1:0", "--device", "cuda:0", "--offline", "--no-zeroconf")

SettingsT = TypeVar("SettingsT", bound=Settings)


def load(cls: type[SettingsT], *words: str) -> SettingsT:
    parser = ArgumentParser()
    cls.add_arguments(parser)
    return cls.load(parser.parse_args([*COMMON, *words]))


def recognizer() -> FunasrService:
    return FunasrService(load(FunasrSettings, "--model-dir", "demo"))


def speaker() -> MelottsService:
    return MelottsService(load(MelottsSettings, "--voices-dir", str(DEMO_FOLDER)))


def texts(events: list[Event]) -> list[str]:
    return [event.data["text"] for event in events if event.type == "transcript"]


def says_where_it_runs(service: Service, log: str) -> None:
    status = service.status()
    [engine] = status.engines
    assert engine.device.endswith(", float16")
    assert engine.device in log
    assert status.memory.gpu_total_bytes and status.memory.gpu_free_bytes


async def test_speech_to_text(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with running(speech_to_text()) as port:
        expected = texts(await healthy_answer(SPEECH_TO_TEXT, port))
    service = recognizer()
    async with running(service) as port:
        found = texts(await healthy_answer(SPEECH_TO_TEXT, port))
        says_where_it_runs(service, caplog.text)
    assert found == expected


async def test_text_to_speech(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    service = speaker()
    async with running(service) as port:
        events = await healthy_answer(TEXT_TO_SPEECH, port)
        says_where_it_runs(service, caplog.text)
    audio = b"".join(event.payload or b"" for event in events)
    assert len(audio) > 16_000
    assert max(audio) > 0


@pytest.mark.parametrize("reduction", Reduction)
async def test_a_rebuilt_recognizer_answers_as_before(reduction: Reduction) -> None:
    service = recognizer()
    async with running(service) as port:
        before = texts(await healthy_answer(SPEECH_TO_TEXT, port))
        await service.rebuild(reduction)
        assert texts(await healthy_answer(SPEECH_TO_TEXT, port)) == before
        is_on_cpu = service.status().engines[0].device.startswith("CPU")
        assert is_on_cpu == (reduction is Reduction.CPU)
