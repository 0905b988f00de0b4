"""A voice agent that hears and speaks through servers of one's own, at this computer's microphone.

Start the servers (`wyoming-funasr --http-port 8081`, `wyoming-melotts --http-port 8082`), install
`pipecat-ai[local,openai]`, set OPENAI_API_KEY, and run `python bot.py`.
"""

import asyncio
import os

from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.workers.runner import WorkerRunner
from pipecat_wyoming import WyomingSTTService, WyomingTTSService


def make_pipeline(source: FrameProcessor, llm: FrameProcessor, sink: FrameProcessor) -> Pipeline:
    """Returns a pipeline whose turns end where the server hears that a person has finished."""
    stt = WyomingSTTService(url=os.environ.get("STT_URL", "http://127.0.0.1:8081"))
    tts = WyomingTTSService(url=os.environ.get("TTS_URL", "http://127.0.0.1:8082"))
    context = LLMContext([{"role": "system", "content": "Answer in one short sentence."}])
    user, assistant = LLMContextAggregatorPair(context)
    return Pipeline([source, stt, user, llm, tts, sink, assistant])


async def main() -> None:
    """Talk until the program is stopped."""
    from pipecat.services.openai.llm import OpenAILLMService
    from pipecat.transports.local.audio import LocalAudioTransport, LocalAudioTransportParams

    transport = LocalAudioTransport(
        LocalAudioTransportParams(audio_in_enabled=True, audio_out_enabled=True)
    )
    llm = OpenAILLMService(api_key=os.environ["OPENAI_API_KEY"])
    runner = WorkerRunner()
    await runner.add_workers(
        PipelineWorker(make_pipeline(transport.input(), llm, transport.output()))
    )
    await runner.run()


if __name__ == "__main__":
    asyncio.run(main())
