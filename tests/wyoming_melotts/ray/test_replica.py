"""Sentences that a replica in this process speaks: the same audio, whatever is lost on the way."""

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager

import pytest

from tests.support.waiting import until
from wyoming_melotts.delivery.playback import Playback
from wyoming_melotts.delivery.speech import SentenceRequest
from wyoming_melotts.frontends.budget import ReadingBudget
from wyoming_melotts.ray.messages import Rest, SentenceJob, SpokenPart
from wyoming_melotts.ray.replica import SpeakerReplica
from wyoming_melotts.ray.speech import RaySpeech
from wyoming_melotts.spoken import SpokenAudio, SpokenWord
from wyoming_melotts.synthesis.speech import Reader
from wyoming_melotts.voices import DEMO
from wyoming_melotts.voices.catalogue import voices_of
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.ray.messages import Answer, Question, ReplicaLost
from wyoming_serving.ray.streams import RayStreams
from wyoming_serving.scheduler import BatchLimits

OpenStream = Callable[[Question[SentenceJob]], AsyncGenerator[Answer[SpokenPart], None]]

RATE_HZ = 44_100
(VOICE,) = voices_of(DEMO)
SENTENCE = SentenceRequest(VOICE, "The kitchen light is on, and the door is closed.")


@asynccontextmanager
async def replica(
    ended: list[int] | None = None, **changes: object
) -> AsyncIterator[SpeakerReplica]:
    """One with the demo voice."""
    given = {"voice": "demo", "offline": True, "device": "cpu", "threads": 1} | changes
    made = SpeakerReplica.__new__(SpeakerReplica)
    end = (ended if ended is not None else []).append
    await SpeakerReplica.__init__(made, given, lambda: end(1))
    yield made
    await made.close()


def front(
    *open_streams: OpenStream, seed: int = 0, seconds: float = 60.0
) -> tuple[RaySpeech, RayStreams[SentenceJob, SpokenPart]]:
    """A front; each replica that it asks is the next of those."""
    left = list(open_streams)

    def open_stream(question: Question[SentenceJob]) -> AsyncGenerator[Answer[SpokenPart], None]:
        return (left.pop(0) if len(left) > 1 else left[0])(question)

    limits = BatchLimits(max_wait_seconds=0, job_seconds=seconds)
    streams = RayStreams[SentenceJob, SpokenPart](open_stream, limits, "speaker", first_seconds=0)
    return RaySpeech(streams, seed, RATE_HZ), streams


def playback(reading_seconds: float = 20.0) -> Playback:
    return Playback(RATE_HZ, ReadingBudget(reading_seconds))


async def spoken(
    speech: RaySpeech, request: SentenceRequest = SENTENCE, heard: Playback | None = None
) -> tuple[bytes, Sequence[SpokenWord]]:
    """The audio and the words of a sentence, as a listener gets them."""
    heard = heard or playback()
    pcm = b""
    words: list[SpokenWord] = []
    async with aclosing(speech.chunks(request, heard)) as chunks:
        async for chunk in chunks:
            heard.add(len(chunk.pcm))
            pcm += chunk.pcm
            words += chunk.words
    return pcm, words


def dying_after(answers: int, of: SpeakerReplica) -> OpenStream:
    """Streams of a replica that dies behind so many answers."""

    async def stream(question: Question[SentenceJob]) -> AsyncGenerator[Answer[SpokenPart], None]:
        left = answers
        async with aclosing(of.stream(question)) as parts:
            async for part in parts:
                if not left:
                    break
                left -= 1
                yield part
        raise ReplicaLost("it died")

    return stream


@pytest.mark.parametrize("seed", [0, -1])
async def test_a_sentence_whose_replica_dies_goes_on_at_another(seed: int) -> None:
    async with replica() as one, replica() as another:
        expected = await spoken(front(one.stream)[0])
        assert expected[0] and [word.text for word in expected[1]][:2] == ["the", "kitchen"]
        for answers in (0, 1, 7):
            speech, streams = front(dying_after(answers, one), another.stream, seed=seed)
            found = await spoken(speech)
            if seed == 0:
                assert found == expected
            assert len(found[1]) == len(expected[1])
            assert streams.stats.retried == 1 and streams.stats.failed == 0


async def test_two_replicas_that_die_are_enough() -> None:
    async with replica() as one:
        speech, streams = front(dying_after(1, one))
        with pytest.raises(ServiceError, match="2 replicas were lost") as caught:
            await spoken(speech)
    assert caught.value.code == ErrorCode.ENGINE_FAILED
    assert (streams.stats.retried, streams.stats.failed, streams.running) == (1, 1, 0)


async def test_a_replica_whose_engine_hangs_fails_that_sentence_and_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, released = threading.Event(), threading.Event()
    pieces = Reader.pieces

    def hang(reader: Reader, text: str, **options: bool) -> list[str]:
        if "hang" in text:
            begun.set()
            released.wait(60)
        return pieces(reader, text, **options)

    ended: list[int] = []
    async with replica() as another:
        expected = await spoken(front(another.stream)[0])  # reads what `one` finds in memory
        monkeypatch.setattr(Reader, "pieces", hang)
        async with replica(ended, job_seconds=2) as one:
            speech, _ = front(one.stream)
            hanging = asyncio.create_task(spoken(speech, SentenceRequest(VOICE, "Please hang.")))
            await until(begun.is_set)
            waiting = asyncio.create_task(spoken(front(one.stream)[0]))
            with pytest.raises(ServiceError, match="did not answer in 2 s"):
                await hanging
            with pytest.raises(RuntimeError, match="1 batches have not returned"):
                await one.check_health()
            await until(lambda: bool(ended))
            assert not waiting.done()  # it was never begun, so its front asks another replica
            waiting.cancel()
            released.set()
        assert await spoken(front(another.stream)[0]) == expected


async def test_a_full_queue_is_told_at_once_and_no_begun_answer_is_refused() -> None:
    gate = threading.Event()
    async with replica(max_queue=1) as one:
        blocked = asyncio.create_task(one.scheduler.call(gate.wait))
        speech, streams = front(one.stream)
        begun = playback()
        begun.add(4)
        first = asyncio.create_task(spoken(speech))
        await until(lambda: one.scheduler.running == 1)
        second = asyncio.create_task(spoken(speech))
        await until(lambda: one.scheduler.depth == 1)
        with pytest.raises(ServiceError, match="at most 1 may") as caught:
            await spoken(speech)
        assert caught.value.code == ErrorCode.QUEUE_FULL
        third = asyncio.create_task(spoken(speech, heard=begun))
        await until(lambda: one.scheduler.depth == 2)
        gate.set()
        await blocked
        audio = await asyncio.gather(first, second, third)
    assert all(len(pcm) == len(audio[0][0]) > 0 for pcm, _ in audio)
    assert streams.stats.refused == 1


async def test_a_replica_that_does_not_answer_is_given_up() -> None:
    cancelled = asyncio.Event()

    async def silent(_: Question[SentenceJob]) -> AsyncGenerator[Answer[SpokenPart], None]:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        yield Answer(None)  # type: ignore[arg-type]

    speech, streams = front(silent, seconds=0.05)
    with pytest.raises(ServiceError, match=r"no replica answered in 0\.05 s"):
        await spoken(speech)
    assert cancelled.is_set() and streams.overdue_seconds == 0


async def test_a_listener_that_leaves_ends_the_sentence() -> None:
    async with replica() as one:
        speech, streams = front(one.stream)
        async with aclosing(speech.chunks(SENTENCE, playback())) as chunks:
            await anext(chunks)
        assert (streams.running, one.scheduler.running, one.scheduler.depth) == (0, 0, 0)


async def test_the_reading_of_one_text_is_bounded_at_all_replicas_together() -> None:
    sentence = SentenceRequest(VOICE, "It is 21°C.")
    async with replica() as one:
        speech, _ = front(one.stream)
        heard = playback(reading_seconds=10.0)
        as_usual = await spoken(speech, sentence, heard=heard)
        assert 0 < heard.reading.spent < 10
        heard.reading.spent = 11.0
        plainly = await spoken(speech, sentence, heard=heard)
    assert plainly != as_usual


async def test_a_voice_that_a_replica_lacks_is_named() -> None:
    async with replica() as one:
        (other,) = voices_of(DEMO, ["nobody"])
        with pytest.raises(ServiceError, match="there is no voice 'demo/nobody'") as caught:
            await spoken(front(one.stream)[0], SentenceRequest(other, "Hello."))
    assert caught.value.code == ErrorCode.UNKNOWN_VOICE


def test_what_was_delivered_is_left_out() -> None:
    word = SpokenWord("on", 0.0, 0.1, ())
    rest = Rest(skip_bytes=6, skip_words=1)
    assert rest.of(SpokenAudio(b"abcd", (word,))) is None
    assert rest.of(SpokenAudio(b"efgh")) == SpokenAudio(b"gh")
    assert rest.of(SpokenAudio(b"ij", (word,))) == SpokenAudio(b"ij", (word,))
