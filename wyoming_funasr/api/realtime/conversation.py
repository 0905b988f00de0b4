"""One transcription session of OpenAI's Realtime API over a listening session."""

from dataclasses import dataclass, field
from secrets import token_hex

from wyoming_funasr.api.openai.parameters import asked_model
from wyoming_funasr.api.realtime import answers
from wyoming_funasr.api.realtime.requests import (
    RATE_HZ,
    Append,
    BetaSessionUpdate,
    Clear,
    ClientEvent,
    Commit,
    SemanticVad,
    ServerVad,
    Session,
    SessionUpdate,
    event_id,
    parse,
)
from wyoming_funasr.api.sessions import ListenHost, ListeningSessions, follow
from wyoming_funasr.recognition.text import following, join
from wyoming_funasr.recognition.types import Word
from wyoming_funasr.requests.endpointing import EndedBy
from wyoming_funasr.requests.events import Final, Partial, SpeechEnded, SpeechStarted
from wyoming_funasr.requests.listening import Cancelled, Failed, ListeningEvent, ListeningSession
from wyoming_funasr.requests.models import ServedModel
from wyoming_funasr.requests.options import RequestOptions
from wyoming_funasr.requests.stable_text import unsent
from wyoming_serving.audio import PcmFormat
from wyoming_serving.errors import InvalidRequest, ServiceError
from wyoming_serving.http.websocket import Turn, WebSocket, parse_message

_PCM = PcmFormat(RATE_HZ, 2, 1)
_MOST_PARTS = 1000
"""Of a long event: base64 has no commas."""


@dataclass
class _Item:
    """What the API calls an utterance; without turn detection it may hold several of ours."""

    name: str = field(default_factory=lambda: f"item_{token_hex(10)}")
    text: str = ""
    """Of the utterances that are over."""
    sent: str = ""
    """Of the one that is being spoken."""
    seconds: float = 0.0
    words: tuple[Word, ...] = ()
    languages: list[str] = field(default_factory=list)

    def grow(self, stable: str) -> str:
        """Returns what of the stable text is new."""
        new, is_first = stable[len(self.sent) :], not self.sent
        self.sent = stable
        return following(self.text, new) if is_first else new

    def take(self, final: Final) -> str:
        """Take in an utterance; returns what of its text was not sent."""
        heard = final.recognition
        rest = unsent(self.sent, heard.text)
        new = rest if self.sent else following(self.text, rest)
        self.text, self.sent = join([self.text, heard.text]), ""
        self.seconds += final.audio_ms / 1000
        self.words += heard.words
        if final.language and final.language not in self.languages:
            self.languages.append(final.language)
        return new


class Conversation:
    """From a client's connection to its end."""

    def __init__(
        self,
        host: ListenHost,
        sessions: ListeningSessions,
        websocket: WebSocket,
        model: ServedModel,
        *,
        is_beta: bool,
    ) -> None:
        """`model`: of a session that names none. `is_beta`: the client asked for the events of
        the API's beta."""
        self._model = model
        self._host = host
        self._sessions = sessions
        self._websocket = websocket
        self._is_beta = is_beta
        self._name = f"sess_{token_hex(10)}"
        self._session = Session()
        self._options = self._asked_for(self._session)
        self._has_audio = False
        self._item: _Item | None = None
        self._before: str | None = None
        """Name of the last item."""

    async def run(self) -> None:
        """Talk until the client leaves.

        Raises:
            ServiceError: what ends the session.
        """
        await self._tell_session("created", is_beta=self._is_beta)
        session = self._sessions.listen(self._options, self, self._websocket.peer)
        await follow(session, self._read)

    async def take(self, utterance: int, event: ListeningEvent) -> None:
        """Translate an event: see `ListeningSink.take`."""
        match event:
            case SpeechStarted():
                self._websocket.turn = Turn.CLIENT
                await self._tell_speech("started", audio_start_ms=event.at_ms)
            case Partial():
                new = self._current.grow(event.stable)
                if new:
                    await self._websocket.send(answers.delta(self._current.name, new))
            case SpeechEnded():
                await self._tell_speech("stopped", audio_end_ms=event.at_ms)
            case Final():
                await self._take_final(event)
            case Failed():
                item = await self._commit()
                error = ServiceError(event.code, event.text)
                await self._websocket.send(answers.failed(item.name, error))
            case Cancelled():
                self._item = None
                self._websocket.turn = Turn.NOBODY
                await self._tell("input_audio_buffer.cleared")

    async def _read(self, session: ListeningSession) -> bool:
        while (message := await self._websocket.receive()) is not None:
            name = None
            try:
                content = self._parsed(message)
                name = event_id(content)
                await self._obey(parse(content), session)
            except ServiceError as error:
                await self._websocket.send(answers.error_event(error, name))
        return False

    def _parsed(self, message: str | bytes) -> dict[str, object]:
        most = self._host.settings.max_data_bytes
        if isinstance(message, bytes):
            raise InvalidRequest("audio comes in input_audio_buffer.append, as base64")
        if len(message) > most and message.count(",") > _MOST_PARTS:
            # anything but audio so long would hold the event loop
            raise InvalidRequest(f"an event without audio may have {most} characters at most")
        return parse_message(message)

    async def _obey(self, event: ClientEvent, session: ListeningSession) -> None:
        match event:
            case Append():
                pcm = event.pcm
                self._has_audio = self._has_audio or bool(pcm)
                await session.accept(_PCM, pcm)
            case Commit():
                if not self._has_audio:
                    raise InvalidRequest("the input audio buffer is empty")
                self._has_audio = False
                await session.flush()
            case Clear():
                self._has_audio = False
                await session.cancel()
            case SessionUpdate() | BetaSessionUpdate():
                changed = event.changed(self._session)
                options = self._asked_for(changed)
                self._session, self._options = changed, options
                await session.configure(options)
                await self._tell_session("updated", is_beta=isinstance(event, BetaSessionUpdate))

    @property
    def _current(self) -> _Item:
        if self._item is None:
            self._item = _Item()
        return self._item

    @property
    def _detects_turns(self) -> bool:
        return self._options.silence_ms is not None

    async def _take_final(self, final: Final) -> None:
        rest = self._current.take(final)
        is_open = final.ended_by is EndedBy.LIMIT and not self._detects_turns
        item = self._current if is_open else await self._commit()
        if rest:
            await self._websocket.send(answers.delta(item.name, rest))
        if is_open:  # its end is the client's to say
            return
        told = answers.completed(item.name, item.text, item.seconds, item.languages)
        if self._session.include:
            told["logprobs"] = answers.logprobs(item.words)
        await self._websocket.send(told)

    async def _commit(self) -> _Item:
        """Make an item of the conversation of what is being heard."""
        item, self._item = self._current, None
        self._websocket.turn = Turn.NOBODY
        place = {"previous_item_id": self._before}
        self._before = item.name
        await self._tell("input_audio_buffer.committed", item_id=item.name, **place)
        for kind in ("created",) if self._is_beta else ("added", "done"):
            await self._tell(f"conversation.item.{kind}", item=answers.item(item.name), **place)
        return item

    async def _tell_speech(self, what: str, **at: int) -> None:
        if self._detects_turns:
            await self._tell(f"input_audio_buffer.speech_{what}", item_id=self._current.name, **at)

    async def _tell_session(self, what: str, *, is_beta: bool) -> None:
        describe = answers.described_for_beta if is_beta else answers.described
        kind = "transcription_session" if is_beta else "session"
        model, silence_ms = self._options.model.name, self._options.silence_ms
        told = describe(self._session, self._name, model, silence_ms)
        await self._tell(f"{kind}.{what}", session=told)

    async def _tell(self, kind: str, **fields: object) -> None:
        await self._websocket.send(answers.event(kind, **fields))

    def _asked_for(self, session: Session) -> RequestOptions:
        """Returns the options that a session asks for.

        Raises:
            ServiceError: `unknown-model` or `unsupported-language`.
        """
        wanted = session.audio.input.transcription
        model = self._model
        if wanted.model is not None:
            model = asked_model(wanted.model, self._host.models)
        return self._host.options.build(
            model,
            language=wanted.language,
            names=wanted.names,
            silence_ms=self._silence_ms(session),
            partials=True,
        )

    def _silence_ms(self, session: Session) -> int | None:
        settings = self._host.settings
        match session.audio.input.turn_detection:
            case (
                ServerVad(silence_duration_ms=None)
                | SemanticVad(eagerness=None | "auto" | "medium")
            ):
                return settings.endpoint_silence_ms
            case ServerVad(silence_duration_ms=silence_ms):
                return silence_ms
            case SemanticVad(eagerness="low"):
                return settings.endpoint_silence_relaxed_ms
            case SemanticVad():
                return settings.endpoint_silence_aggressive_ms
            case None:
                return None
