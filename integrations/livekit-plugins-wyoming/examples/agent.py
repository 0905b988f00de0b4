"""A voice agent that hears and speaks through servers of one's own.

Start the servers (`wyoming-funasr --http-port 8081`, `wyoming-melotts --http-port 8082`), set what
LiveKit and the language model need (LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET), and run
`python agent.py dev`; `python agent.py console` needs no room, it uses this computer's microphone.
"""

import os
from typing import Any

from livekit.agents import (
    Agent,
    AgentServer,
    AgentSession,
    JobContext,
    TurnHandlingOptions,
    cli,
    llm,
)
from livekit.plugins import wyoming

server = AgentServer()


def make_session(model: llm.LLM[Any] | str) -> "AgentSession[None]":
    """Returns a session whose turns end where the server hears that a person has finished."""
    return AgentSession(
        stt=wyoming.STT(base_url=os.environ.get("STT_URL", "http://127.0.0.1:8081")),
        tts=wyoming.TTS(base_url=os.environ.get("TTS_URL", "http://127.0.0.1:8082")),
        llm=model,
        turn_handling=TurnHandlingOptions(turn_detection="stt"),
        use_tts_aligned_transcript=True,
    )


@server.rtc_session()
async def entrypoint(context: JobContext) -> None:
    """Talk to whoever is in the room."""
    agent = Agent(instructions="You help at home. Answer in one short sentence.")
    await make_session("openai/gpt-5-mini").start(agent=agent, room=context.room)


if __name__ == "__main__":
    cli.run_app(server)
