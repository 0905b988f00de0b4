"""One client of FunASR's protocol: one recording after the other, heard live or as a whole."""

import asyncio
import json

from wyoming_funasr.api.funasr.answers import AnswerMode, answer, end
from wyoming_funasr.api.funasr.requests import ClientMessage, Wishes, parse
from wyoming_funasr.api.funasr.times import timed
from wyoming_funasr.api.funasr.whole import Whole, WholeRecording
from wyoming_funasr.api.sessions import ListenHost, ListeningSessions, follow
from wyoming_funasr.recognition.text import following
from wyoming_funasr.recognition.types import Recognition
from wyoming_funasr.requests.endpointing import EndedBy
from wyoming_funasr.requests.events import Final, Partial, SpeechStarted
from wyoming_funasr.requests.listening import Failed, ListeningEvent, ListeningSession
from wyoming_funasr.requests.options import RequestOptions
from wyoming_funasr.requests.stable_text import unsent
from wyoming_serving.audio import PcmFormat
from wyoming_serving.errors import InvalidRequest, ServiceError
from wyoming_serving.http.websocket import Turn, WebSocket


class Conversation:
    """From a client's first message to its end."""

    def __init__(
        self, host: ListenHost, sessions: ListeningSessions, whole: Whole, websocket: WebSocket
    ) -> None:
        """`whole` recognizes recordings of mode `offline`."""
        self._host = host
        self._sessions = sessions
        self._whole = whole
        self._websocket = websocket
        self._wishes: Wishes | None = None
        self._is_recording = False
        self._failure: ServiceError | None = None
        self._answered: asyncio.Event | None = None
        self._accepted_seconds = 0.0
        self._is_cut = False
        """Whether the audio so far ends within a sample, as that of a recording may."""
        self._start_ms = 0
        """Where the recording begins in all the audio that was heard live."""
        self._before = ""
        """The text before the utterance, in the same recording."""
        self._sent = ""
        """Of the utterance."""

    async def run(self) -> None:
        """Talk until the client leaves.

        Raises:
            ServiceError: what ends the session.
        """
        options = self._options(Wishes())
        await follow(self._sessions.listen(options, self, self._websocket.peer), self._read)

    async def take(self, utterance: int, event: ListeningEvent) -> None:
        """Translate an event: see `ListeningSink.take`."""
        match event:
            case SpeechStarted():
                self._sent = ""
            case Partial():
                new, self._sent = event.stable[len(self._sent) :], event.stable
                if new:
                    await self._send_live(new, is_first=self._sent == new)
            case Final():
                await self._take_final(event)
            case Failed():
                await self._take_failure(ServiceError(event.code, event.text))

    async def _read(self, session: ListeningSession) -> bool:
        while (message := await self._websocket.receive()) is not None:
            if isinstance(message, str):
                told = await self._told(message, session)
                if told is not None and told.ends_recording:
                    await self._finish(told, session)
            elif self._wishes is None:
                raise InvalidRequest("audio must come behind the first message, which is JSON")
            elif self._wishes.mode == "offline":
                await self._take_whole(message, self._wishes, session)
            else:
                await self._hear(message, self._wishes, session)
        return False

    async def _told(self, text: str, session: ListeningSession) -> ClientMessage | None:
        """Take what a message says; None where it was wrong, and the client told so."""
        most = self._host.settings.max_data_bytes
        try:
            if len(text) > most:  # checking it would hold the event loop
                raise InvalidRequest(f"a text message may have {most} characters at most")
            message = parse(text)
            wishes = message.changed(self._wishes or Wishes())
            if self._is_recording and self._wishes and wishes.mode != self._wishes.mode:
                raise InvalidRequest("mode cannot change within a recording", param="mode")
            options = self._options(wishes)
        except ServiceError as error:
            await self._send_error(error, is_final=False)
            return None
        if wishes != self._wishes:
            self._wishes = wishes
            await session.configure(options)
        return message

    async def _hear(self, data: bytes, wishes: Wishes, session: ListeningSession) -> None:
        self._begin_recording()
        pcm = PcmFormat(wishes.audio_fs, 2, 1)
        self._accepted_seconds += len(data) / pcm.frame_bytes / pcm.rate_hz
        self._is_cut = self._is_cut != bool(len(data) % pcm.frame_bytes)
        await session.accept(pcm, data)

    async def _take_whole(self, data: bytes, wishes: Wishes, session: ListeningSession) -> None:
        """Receive a whole recording, of which this is the beginning, and answer it."""
        self._begin_recording()
        async with self._whole.receive(wishes, data) as recording:
            told = await self._receive(recording, session)
            if told is None:
                return
            self._websocket.turn = Turn.SERVER
            try:
                heard = await recording.recognize(self._wishes or wishes)
                content = await self._whole.call(lambda: self._whole_answer(heard))
                await self._websocket.send(content)
            except ServiceError as error:
                self._failure = error
                await self._send_error(error, is_final=True)
        await self._end_recording(told)

    async def _receive(
        self, recording: WholeRecording, session: ListeningSession
    ) -> ClientMessage | None:
        """Returns the message that ends a recording; None where the client left."""
        while (message := await self._websocket.receive()) is not None:
            if isinstance(message, bytes):
                await recording.write(message)
                continue
            told = await self._told(message, session)
            if told is not None and told.ends_recording:
                return told
        return None

    async def _finish(self, told: ClientMessage, session: ListeningSession) -> None:
        """Answer what was heard of a recording."""
        if self._mode == "offline":  # of which nothing came
            await self._websocket.send(self._whole_answer(Recognition()))
        else:
            if self._is_cut:
                await self._hear(b"\0", self._wishes or Wishes(), session)
            self._websocket.turn = Turn.SERVER
            await session.flush()
            self._answered = asyncio.Event()
            await self._answered.wait()
            self._answered = None
        await self._end_recording(told)

    def _whole_answer(self, heard: Recognition) -> str:
        """Returns an answer, which takes long to write for a long recording."""
        said = timed(heard.text, heard.words)
        content = answer("offline", self._wav_name, said, is_final=True)
        return json.dumps(content, ensure_ascii=False)

    def _begin_recording(self) -> None:
        self._is_recording = True
        self._websocket.turn = Turn.CLIENT

    async def _end_recording(self, told: ClientMessage) -> None:
        if told.is_end:
            await self._websocket.send(end(self._mode, self._wav_name, self._failure))
        self._is_recording = False
        self._failure = None
        self._before = self._sent = ""
        self._start_ms = round(self._accepted_seconds * 1000)
        self._websocket.turn = Turn.NOBODY

    async def _take_final(self, final: Final) -> None:
        heard, is_last = final.recognition.shifted(-self._start_ms), final.ended_by is EndedBy.FLUSH
        if heard.text or is_last:
            await self._send_final(heard, is_last)
        self._before, self._sent = heard.text or self._before, ""
        if is_last and self._answered is not None:
            self._answered.set()

    async def _take_failure(self, error: ServiceError) -> None:
        """The audio that waited is lost, and with it, where it waited too, the recording's end."""
        self._failure, self._sent = error, ""
        answered = self._answered
        await self._send_error(error, is_final=answered is not None)
        if answered is not None:
            answered.set()

    async def _send_final(self, heard: Recognition, is_last: bool) -> None:
        if self._mode == "online":
            rest = unsent(self._sent, heard.text)
            if rest or is_last:
                await self._send_live(rest, is_first=not self._sent, is_final=is_last)
            return
        said = timed(following(self._before, heard.text), heard.words)
        await self._websocket.send(answer("2pass-offline", self._wav_name, said, is_final=is_last))

    async def _send_live(self, text: str, *, is_first: bool, is_final: bool = False) -> None:
        """Send more of an utterance, or the `is_first` of it."""
        mode: AnswerMode = "online" if self._mode == "online" else "2pass-online"
        said = timed(following(self._before, text) if is_first else text, ())
        await self._websocket.send(answer(mode, self._wav_name, said, is_final=is_final))

    async def _send_error(self, error: ServiceError, *, is_final: bool) -> None:
        """Tell of an error after which the session goes on."""
        names = {"mode": self._mode, "wav_name": self._wav_name}
        await self._websocket.send_error(error, **names, is_final=is_final, is_end=False)

    def _options(self, wishes: Wishes) -> RequestOptions:
        return self._host.options.build(
            self._host.models.named(wishes.model),
            language=wishes.language,
            names=wishes.names,
            silence_ms=self._host.settings.endpoint_silence_ms,
            partials=True,
            use_itn=wishes.svs_itn,
        )

    @property
    def _mode(self) -> str:
        return (self._wishes or Wishes()).mode

    @property
    def _wav_name(self) -> str:
        return (self._wishes or Wishes()).wav_name
