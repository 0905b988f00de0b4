"""LiveKit's own agent session, from a recording to the answer's sound, without a room."""

import asyncio
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.speech import DATA, noise, read_pcm
from wyoming_serving.audio import encode_pcm16

pytest.importorskip("livekit.agents", reason="livekit-agents is not installed")
pytest.importorskip("livekit.plugins.wyoming", reason="livekit-plugins-wyoming is not installed")

from livekit import rtc
from livekit.agents import Agent, AgentSession, llm, utils
from livekit.agents.voice import io
from livekit.agents.voice.events import UserInputTranscribedEvent

EXAMPLE = Path(__file__).parents[1] / "examples/agent.py"
KITCHEN = read_pcm(DATA / "kitchen_light_off_en.wav")
QUIET = encode_pcm16(noise(1.0, 0.0005))
ANSWER = "The light is off."
RATE_HZ = 16_000
WAIT_SECONDS = 60.0


class Answering(llm.LLM):
    """Says always the same."""

    def chat(self, *, chat_ctx: llm.ChatContext, **options: Any) -> llm.LLMStream:
        return _Answer(self, chat_ctx=chat_ctx, tools=[], conn_options=options["conn_options"])


class _Answer(llm.LLMStream):
    async def _run(self) -> None:
        for word in ANSWER.split(" "):
            delta = llm.ChoiceDelta(role="assistant", content=f"{word} ")
            self._event_ch.send_nowait(llm.ChatChunk(id="answer", delta=delta))


class Recording(io.AudioInput):
    """A recording as fast as it was spoken, and then silence."""

    def __init__(self, pcm: bytes) -> None:
        super().__init__(label="recording")
        self._pcm = pcm

    async def __anext__(self) -> rtc.AudioFrame:
        size = RATE_HZ // 50 * 2
        chunk, self._pcm = self._pcm[:size], self._pcm[size:]
        await asyncio.sleep(0.02)
        return rtc.AudioFrame(chunk.ljust(size, b"\0"), RATE_HZ, 1, size // 2)


class Loudspeaker(io.AudioOutput):
    """Keeps what it is to play, and has played it at once."""

    def __init__(self) -> None:
        capabilities = io.AudioOutputCapabilities(pause=False)
        super().__init__(label="loudspeaker", capabilities=capabilities)
        self.played: list[np.ndarray] = []
        self._seconds = 0.0

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        self._seconds += frame.duration
        self.played.append(np.frombuffer(frame.data, np.int16))

    def flush(self) -> None:
        super().flush()
        if self._seconds:
            self.on_playback_finished(playback_position=self._seconds, interrupted=False)
            self._seconds = 0.0

    def clear_buffer(self) -> None:
        self._seconds = 0.0


async def test_the_agent_of_the_example_answers(
    listen_url: str, speak_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STT_URL", listen_url)
    monkeypatch.setenv("TTS_URL", speak_url)
    make_session: Callable[[object], AgentSession[None]] = runpy.run_path(str(EXAMPLE))[
        "make_session"
    ]
    heard: list[UserInputTranscribedEvent] = []
    answered = asyncio.Event()
    async with utils.http_context.open(), make_session(Answering()) as session:
        loudspeaker = Loudspeaker()
        session.input.audio = Recording(KITCHEN + QUIET)
        session.output.audio = loudspeaker
        session.on("user_input_transcribed", heard.append)
        session.on("conversation_item_added", lambda e: e.item.role == "user" or answered.set())
        await session.start(agent=Agent(instructions="You help at home."))
        async with asyncio.timeout(WAIT_SECONDS):
            await answered.wait()
        said = [(message.role, message.text_content) for message in session.history.messages()]
    assert [event.transcript for event in heard if event.is_final] == [
        "Turn off the kitchen light."
    ]
    assert [(role, (text or "").strip()) for role, text in said] == [
        ("user", "Turn off the kitchen light."),
        ("assistant", ANSWER),
    ]
    assert np.abs(np.concatenate(loudspeaker.played)).max() > 1000
