"""What is measured of a text-to-speech server."""

import asyncio
from functools import partial

from benchmarks.measurement import Found, Measurements
from benchmarks.plan import Plan
from benchmarks.server_process import Server
from benchmarks.wyoming_client import Spoken, listen

TEXTS = {
    "zh": "现在室外的温度是二十六度。今天多云，傍晚有小雨。",
    "en": "It is twenty six degrees outside. Cloudy today, with some rain in the evening.",
}
"""About the same length when spoken, two sentences."""


async def warm_up(server: Server, language: str) -> None:
    """Twice: the first one waits for the voice."""
    for _ in range(2):
        await listen(server.port, TEXTS[language])


def measurements(plan: Plan, language: str) -> Measurements:
    """All of them, by measure and case."""
    return {
        ("speech", clients): partial(at_once, clients=clients, count=count, text=TEXTS[language])
        for clients, count in plan.texts.items()
    }


async def at_once(server: Server, clients: int, count: int, text: str) -> Found:
    """`clients` asking at one time, again and again."""
    spoken: list[Spoken] = []
    while len(spoken) < count:
        spoken += await asyncio.gather(*(listen(server.port, text) for _ in range(clients)))
    return {
        "requests": len(spoken),
        "first_audio_ms": [round(one.first_audio_s * 1000, 1) for one in spoken],
        "total_ms": [round(one.total_s * 1000, 1) for one in spoken],
        "audio_s": sum(one.audio_s for one in spoken),
    }
