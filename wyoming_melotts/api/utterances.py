"""The utterances of one `/v1/speak` session, spoken one after the other."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass

from aiohttp import web

from wyoming_melotts.api.host import SpeechHost
from wyoming_melotts.api.messages import (
    AudioStarted,
    Done,
    Marks,
    Message,
    PhoneTimes,
    Sentence,
    WordTimes,
)
from wyoming_melotts.delivery.messages import MessageEncoder, MessageEncoding
from wyoming_melotts.requests.speaking import Speaking
from wyoming_melotts.requests.text_stream import TextStream
from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.spoken import SpokenAudio, SpokenSentence, SpokenWord
from wyoming_melotts.voices import Voice
from wyoming_serving.errors import QueueFull, ServiceError
from wyoming_serving.http.api import API
from wyoming_serving.http.errors import internal_error
from wyoming_serving.http.websocket import WebSocket

_LOGGER = logging.getLogger(__name__)

_MOST = 16
"""Utterances of one session that are not spoken yet."""


@dataclass
class Utterance:
    """One text of a session, and how it is to be spoken."""

    number: int
    text: TextStream
    voice: Voice | None
    speed: float
    encoding: MessageEncoding
    rate_hz: int
    """Of its audio."""
    sent_seconds: float = 0.0


class Utterances:
    """Speaks what is added, in its order; the first one is under way."""

    def __init__(
        self,
        request: web.Request,
        websocket: WebSocket,
        host: SpeechHost,
        settings: MelottsSettings,
        on_change: Callable[[], None],
    ) -> None:
        """`on_change` is called when one was spoken."""
        self._request = request
        self._websocket = websocket
        self._host = host
        self._settings = settings
        self._on_change = on_change
        self._left: list[Utterance] = []
        self._added = asyncio.Event()
        self._all_spoken = asyncio.Event()
        self._task = self._start()

    @property
    def is_empty(self) -> bool:
        """Whether all have been spoken."""
        return not self._left

    def add(self, utterance: Utterance) -> None:
        """Speak an utterance after the others.

        Raises:
            QueueFull: too many wait.
        """
        if len(self._left) >= _MOST:
            raise QueueFull(f"{_MOST} utterances of this session wait already")
        self._left.append(utterance)
        self._added.set()

    async def cancel(self) -> None:
        """Speak none of them any further, and say so; what is being computed is lost."""
        await self.close()
        dropped, self._left = self._left, []
        for utterance in dropped:
            await self._send(_done(utterance, is_cancelled=True))
        self._task = self._start()

    async def join(self) -> None:
        """Wait until all are spoken, or nobody listens any more."""
        while self._left and not self._task.done():
            self._all_spoken.clear()
            await self._all_spoken.wait()

    async def close(self) -> None:
        """Stop speaking."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _start(self) -> asyncio.Task[None]:
        return asyncio.create_task(self._speak(), name="speak")

    async def _speak(self) -> None:
        try:
            with suppress(ConnectionError):  # whoever reads from the socket finds out, too
                while True:
                    while self._left:
                        await self._speak_one(self._left[0])
                        self._left.pop(0)
                        self._on_change()
                    self._all_spoken.set()
                    self._added.clear()
                    await self._added.wait()
        finally:
            self._all_spoken.set()

    async def _speak_one(self, utterance: Utterance) -> None:
        speaking = Speaking(self._host, self._settings)
        try:
            with self._request.app[API].reported(self._request, speaking.report):
                await self._send_speech(utterance, speaking)
                speaking.complete_report()
        except ServiceError as error:
            await self._websocket.send_error(error, utterance=utterance.number)
        except ConnectionError:
            raise
        except Exception:
            _LOGGER.exception("an utterance failed")
            await self._websocket.send_error(internal_error(), utterance=utterance.number)
        else:
            await self._send(_done(utterance, is_cancelled=False))

    async def _send_speech(self, utterance: Utterance, speaking: Speaking) -> None:
        number = utterance.number
        encoder = await self._host.open_message_encoder(utterance.encoding, utterance.rate_hz)
        is_silent = True
        events = speaking.events(utterance.text, utterance.voice, utterance.speed)
        async with aclosing(events):
            async for event in events:
                if not isinstance(event, SpokenAudio):
                    await self._send(_sentence(number, event))
                    continue
                if is_silent:
                    is_silent = False
                    speaking.note_first_audio()
                    await self._send(AudioStarted(utterance=number))
                if event.words:
                    await self._send(_marks(number, event.words))
                await self._send_audio(utterance, encoder, event.pcm)
        await self._send_audio(utterance, encoder, b"", last=True)

    async def _send_audio(
        self, utterance: Utterance, encoder: MessageEncoder, pcm: bytes, *, last: bool = False
    ) -> None:
        for piece in await self._host.encode(encoder, pcm, last=last):
            utterance.sent_seconds += encoder.seconds(piece)
            await self._websocket.send(piece)

    async def _send(self, message: Message) -> None:
        await self._websocket.send(message.model_dump())


def _done(utterance: Utterance, *, is_cancelled: bool) -> Done:
    return Done(
        utterance=utterance.number,
        reason="cancelled" if is_cancelled else "spoken",
        audio_seconds=round(utterance.sent_seconds, 3),
    )


def _sentence(number: int, sentence: SpokenSentence) -> Sentence:
    return Sentence(
        utterance=number,
        text=sentence.text,
        voice=sentence.voice,
        language=sentence.language,
        start=round(sentence.start, 3),
    )


def _marks(number: int, words: Sequence[SpokenWord]) -> Marks:
    return Marks(
        utterance=number,
        words=[
            WordTimes(
                text=word.text,
                start=round(word.start, 3),
                end=round(word.end, 3),
                phones=[
                    PhoneTimes(symbol=p.symbol, start=round(p.start, 3), end=round(p.end, 3))
                    for p in word.phones
                ],
            )
            for word in words
        ],
    )
