"""The speech-to-text protocol through a real server on a real socket, with wyoming's own client."""

import asyncio
import json
from pathlib import Path

import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.event import Event, Eventable
from wyoming.info import Describe, Info

from tests.support.speech import SPEECH, noise
from tests.support.waiting import until
from tests.support.wire import Wire, connect
from tests.wyoming_funasr.conftest import ServiceMaker
from wyoming_funasr.recognition.recognizer import RecognitionRequest
from wyoming_serving.audio import encode_pcm16
from wyoming_serving.service import running

START = AudioStart(rate=16_000, width=2, channels=1)
STOP = AudioStop()


def chunks(pcm: bytes, size: int = 4096) -> list[AudioChunk]:
    return [
        AudioChunk(rate=16_000, width=2, channels=1, audio=pcm[i : i + size])
        for i in range(0, len(pcm), size)
    ]


def request(pcm: bytes = SPEECH, **transcribe: object) -> list[Eventable]:
    return [Transcribe(**transcribe), START, *chunks(pcm), STOP]  # type: ignore[arg-type]


async def transcript(wire: Wire) -> Transcript:
    return Transcript.from_event(await wire.read_type("transcript"))


async def test_the_context_of_a_request_comes_back(make_service: ServiceMaker) -> None:
    given = {"conversation": "7", "confidence": "the client's own"}
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(*request(context=given))
        context = (await transcript(wire)).context
        assert context is not None
        assert context["conversation"] == "7"
        assert isinstance(context["confidence"], float)
        await wire.send(Event("transcribe", {"context": "7"}))
        assert "context must be an object" in await wire.read_error("invalid-event")


async def test_wyomings_own_client_gets_a_transcript(make_service: ServiceMaker) -> None:
    async with (
        running(make_service()) as port,
        AsyncClient.from_uri(f"tcp://127.0.0.1:{port}") as client,
    ):
        for event in request(language="en"):
            await client.write_event(event.event())
        answer = await client.read_event()
    assert answer is not None
    heard = Transcript.from_event(answer)
    assert heard.text
    assert heard.context is not None
    assert set(heard.context) == {
        "confidence", "emotion", "emotion_scores", "event", "words", "audio_ms",
        "recognition_ms", "speech_end_ms", "ended_by", "truncated", "intent", "ambiguous",
        "alternatives",
    }  # fmt: skip
    assert heard.context["audio_ms"] == len(SPEECH) // 32
    assert heard.context["truncated"] is False


async def test_the_same_audio_gives_the_same_text(make_service: ServiceMaker) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        texts = []
        for _ in range(3):
            await wire.send(*request())
            texts.append((await transcript(wire)).text)
    assert texts[0] and texts == [texts[0]] * 3


async def test_many_clients_at_once_get_what_one_gets(make_service: ServiceMaker) -> None:
    async def one(port: int, pcm: bytes) -> str:
        async with connect(port) as wire:
            await wire.send(*request(pcm))
            return (await transcript(wire)).text

    half = SPEECH[: len(SPEECH) // 4 * 2]
    async with running(make_service()) as port:
        alone = [await one(port, SPEECH), await one(port, half)]
        together = await asyncio.gather(*(one(port, pcm) for pcm in [SPEECH, half] * 5))
    assert together == alone * 5


async def test_audio_without_transcribe_uses_the_defaults(make_service: ServiceMaker) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(*request())
        expected = await transcript(wire)
        await wire.send(START, *chunks(SPEECH), STOP)
        assert (await transcript(wire)).text == expected.text
        await wire.send(*chunks(SPEECH), STOP)
        assert (await transcript(wire)).text == expected.text


@pytest.mark.parametrize("size", [1, 333, 4095, len(SPEECH)])
async def test_chunks_may_be_of_any_size(make_service: ServiceMaker, size: int) -> None:
    pcm = SPEECH[:32_000] if size == 1 else SPEECH
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(*request(pcm))
        expected = await transcript(wire)
        await wire.send(START, *chunks(pcm, size), STOP)
        assert (await transcript(wire)).text == expected.text


async def test_the_chunks_own_format_counts(make_service: ServiceMaker) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(*request())
        expected = await transcript(wire)
        wrong = AudioStart(rate=44_100, width=2, channels=2)
        await wire.send(wrong, *chunks(SPEECH), STOP)
        assert (await transcript(wire)).text == expected.text
        bare = Event("audio-chunk", {}, SPEECH)
        await wire.send(START, bare, STOP)
        assert (await transcript(wire)).text == expected.text


@pytest.mark.parametrize(
    "events",
    [
        [START, STOP],
        [STOP],
        [Transcribe(language="en"), STOP],
        [START, AudioChunk(rate=16_000, width=2, channels=1, audio=b""), STOP],
        [START, *chunks(SPEECH[:2]), STOP],
        [START, *chunks(SPEECH[:200]), STOP],
        [START, *chunks(SPEECH[:1]), STOP],
        [START, *chunks(bytes(64_000)), STOP],
        [START, *chunks(encode_pcm16(noise(2.0))), STOP],
    ],
    ids=["no audio", "stop alone", "no start", "empty chunk", "1 sample", "100 samples", "1 byte",
         "silence", "noise"],
)  # fmt: skip
async def test_no_speech_is_an_empty_transcript(
    make_service: ServiceMaker, events: list[Eventable]
) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(*events)
        heard = await transcript(wire)
        assert heard.text == ""
        assert heard.context is not None and heard.context["confidence"] == 0
        await wire.send(*request())
        assert (await transcript(wire)).text


async def test_no_audio_needs_no_model(make_service: ServiceMaker) -> None:
    service = make_service()
    assert (await service.pipelines[0].recognize(RecognitionRequest(()))).text == ""
    await service.close()


async def test_an_utterance_over_the_limit_is_recognized_up_to_there(
    make_service: ServiceMaker,
) -> None:
    async with running(make_service("--max-utterance-seconds", "1.5")) as port:
        async with connect(port) as wire:
            await wire.send(*request(SPEECH[:48_000]))
            expected = await transcript(wire)
            # the answer comes before audio-stop, and what follows is dropped
            await wire.send(Transcribe(), START, *chunks(SPEECH))
            heard = await transcript(wire)
            await wire.send(*chunks(SPEECH), STOP, *request(SPEECH[:48_000]))
            assert (await transcript(wire)).text == expected.text
    assert heard.text == expected.text
    assert heard.context is not None and heard.context["truncated"] is True
    assert heard.context["audio_ms"] == 1500


async def test_one_chunk_may_go_over_the_limit(make_service: ServiceMaker) -> None:
    async with running(make_service("--max-utterance-seconds", "1.5")) as port:
        async with connect(port) as wire:
            await wire.send(START, *chunks(SPEECH, len(SPEECH)), STOP)
            heard = await transcript(wire)
    assert heard.context is not None
    assert heard.context["ended_by"] == "limit" and heard.context["truncated"] is True
    assert heard.context["audio_ms"] == 1500


async def test_a_request_may_not_go_on_for_ever(make_service: ServiceMaker) -> None:
    async with running(make_service("--max-request-seconds", "0.05")) as port:
        async with connect(port) as wire:
            await wire.send(Transcribe())
            await asyncio.sleep(0.1)
            await wire.send(*chunks(SPEECH))
            await wire.read_error("request-timeout")


@pytest.mark.parametrize(
    ("event", "code", "part"),
    [
        (Transcribe(language="xx"), "unsupported-language", "'xx'"),
        (Transcribe(name="no-such-model"), "unknown-model", "SenseVoiceTiny"),
        (Event("transcribe", {"language": 5}), "invalid-event", "language must be text"),
        (Event("transcribe", {"transcript_names": "x"}), "invalid-event", "list of texts"),
        (Event("transcribe", {"transcript_terms": [1]}), "invalid-event", "list of texts"),
        (Event("audio-start", {"rate": "x"}), "invalid-event", "audio rate must be from"),
        (Event("audio-start", {}), "invalid-event", "audio rate"),
        (Event("audio-chunk", {}, b"\0\0"), "invalid-event", "audio-chunk needs rate"),
        (Event("audio-chunk", {"rate": 16_000}, b"\0\0"), "invalid-event", "width"),
        (Event("audio-chunk", {"rate": 96_000, "width": 2, "channels": 1}, b"\0\0"),
         "invalid-event", "96000"),
    ],
)  # fmt: skip
async def test_bad_requests_get_an_error_that_says_why(
    make_service: ServiceMaker, event: Eventable | Event, code: str, part: str
) -> None:
    async with running(make_service()) as port, connect(port) as neighbour:
        await neighbour.send(Transcribe(), START, *chunks(SPEECH))
        async with connect(port) as wire:
            await wire.send(event)
            assert part in await wire.read_error(code)
        await neighbour.send(STOP)
        assert (await transcript(neighbour)).text


async def test_a_client_that_leaves_in_the_middle_hurts_nobody(make_service: ServiceMaker) -> None:
    service = make_service()
    async with running(service) as port:
        for events in (request()[:-1], request()):
            async with connect(port) as wire:
                await wire.send(*events)
        async with connect(port) as wire:
            await wire.send(*request())
            assert (await transcript(wire)).text
        await until(lambda: service.pipelines[0].recognitions.depth == 0)


async def test_a_full_queue_is_said_at_once(make_service: ServiceMaker) -> None:
    service = make_service("--max-queue", "1", "--max-batch", "1")
    async with running(service) as port:
        release = asyncio.Event()
        blocked = asyncio.create_task(
            service.pipelines[0].local.call(
                lambda: asyncio.run_coroutine_threadsafe(release.wait(), loop).result()
            )
        )
        loop = asyncio.get_running_loop()
        async with connect(port) as running_, connect(port) as waiting, connect(port) as late:
            await running_.send(*request())
            await until(lambda: service.pipelines[0].recognitions.running == 1)
            await waiting.send(*request())
            await until(lambda: service.pipelines[0].recognitions.depth == 1)
            await late.send(*request())
            assert "at most 1" in await late.read_error("queue-full")
            release.set()
            await blocked
            assert (await transcript(running_)).text == (await transcript(waiting)).text


async def test_hotwords_of_a_request_and_of_the_settings_pull(make_service: ServiceMaker) -> None:
    async with running(make_service("--hotword-weight", "20")) as port, connect(port) as wire:
        await wire.send(*request())
        plain = await transcript(wire)
        await wire.send(*request(transcript_names=["客厅"]))
        named = await transcript(wire)
    async with running(make_service("--hotword-weight", "20", "--hotwords", "客厅")) as port:
        async with connect(port) as wire:
            await wire.send(*request())
            always = await transcript(wire)
    assert named.text.count("客厅") > plain.text.count("客厅")
    assert always.text == named.text


async def test_chinese_characters_follow_the_request(make_service: ServiceMaker) -> None:
    texts = {}
    async with running(make_service("--hotword-weight", "20")) as port, connect(port) as wire:
        for tag in ("zh-CN", "zh-TW"):
            await wire.send(*request(language=tag, transcript_names=["客厅"]))
            texts[tag] = (await transcript(wire)).text
    assert "客厅" in texts["zh-CN"] and "客廳" in texts["zh-TW"]
    assert "厅" not in texts["zh-TW"]


async def test_info_tells_the_truth(make_service: ServiceMaker) -> None:
    async with running(make_service()) as port, connect(port) as wire:
        await wire.send(Describe())
        info = Info.from_event(await wire.read_type("info"))
    assert not info.tts
    program = info.asr[0]
    assert program.name == "funasr" and program.installed
    assert program.requires_external_vad is False
    assert program.prefers_auto_gain_enabled is True
    assert program.prefers_noise_reduction_enabled is False  # it makes more errors than noise
    assert program.supports_transcript_streaming is False
    assert [model.name for model in program.models] == ["SenseVoiceTiny"]
    model = program.models[0]
    assert model.installed
    assert {"zh-CN", "zh-TW", "zh-HK", "yue", "en", "ja", "ko"} <= set(model.languages)
    assert "nospeech" not in model.languages


async def test_a_model_that_is_not_on_disk_is_not_called_installed(
    make_service: ServiceMaker,
) -> None:
    service = make_service("--model-dir", "SenseVoiceSmall")
    assert service.info().asr[0].models[0].installed is False
    await service.close()


async def test_long_speech_is_cut_where_allowed(make_service: ServiceMaker) -> None:
    service = make_service("--max-segment-time", "1000")
    async with running(service) as port, connect(port) as wire:
        await wire.send(*request(SPEECH * 3))
        heard = await transcript(wire)
    assert heard.context is not None
    starts = [word["start_ms"] for word in heard.context["words"]]
    assert starts == sorted(starts)
    assert starts[-1] > 4000
    json.dumps(heard.context)


async def test_paraformer_serves_too(make_service: ServiceMaker, tiny_seaco: Path) -> None:
    service = make_service("--model-dir", str(tiny_seaco), "--no-use-itn")
    async with running(service) as port, connect(port) as wire:
        await wire.send(*request())
        heard = await transcript(wire)
    assert heard.text
