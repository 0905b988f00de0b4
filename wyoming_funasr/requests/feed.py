"""A client's audio on its way to its utterances, with what the client says in between."""

import asyncio
from dataclasses import dataclass, field

import numpy as np

from wyoming_funasr.audio.fbank import SAMPLE_RATE_HZ
from wyoming_funasr.audio.pcm import BLOCK_SECONDS, PcmBlock, PcmInbox, PcmStream
from wyoming_funasr.requests.endpointing import EndedBy
from wyoming_funasr.requests.options import RequestOptions
from wyoming_serving.audio import PcmFormat, Samples, join


@dataclass(frozen=True, eq=False)
class Piece:
    """What comes next in a feed."""

    options: RequestOptions | None = None
    """Those that hold from here, where the client changed them."""
    returned: Samples = field(default_factory=lambda: np.zeros(0, np.float32))
    """What an utterance gave back: 16 kHz mono, before the block."""
    block: PcmBlock | None = None
    ended_by: EndedBy | None = None
    """Why the utterance ends behind this audio; None where it goes on."""

    @property
    def seconds(self) -> float:
        """Length of the audio."""
        in_block = self.block.seconds if self.block else 0.0
        return len(self.returned) / SAMPLE_RATE_HZ + in_block


class AudioFeed:
    """One stream of audio, from which one utterance after the other takes its own.

    What ends an utterance lies in the stream, behind the audio that came before it, however much
    audio waits. An utterance that ends earlier gives back what came behind its end.
    """

    def __init__(self, max_seconds: float) -> None:
        """`max_seconds`: most audio that waits."""
        self._inbox = PcmInbox(max_seconds)
        self._stream = PcmStream()
        self._returned: Piece | None = None
        self._incomplete: tuple[PcmFormat, bytes] | None = None
        self._is_closed = False
        self._changed = asyncio.Event()
        self._taken = asyncio.Event()
        self._position_seconds = 0.0

    def __bool__(self) -> bool:
        return self._returned is not None or bool(self._inbox)

    @property
    def position_ms(self) -> int:
        """Where in all the audio the next piece begins."""
        return round(self._position_seconds * 1000)

    def put(self, pcm: PcmFormat, data: bytes) -> None:
        """Add audio, split anywhere; what goes beyond the limit is dropped."""
        if self._incomplete is not None and self._incomplete[0] == pcm:
            data = self._incomplete[1] + data
        whole = len(data) - len(data) % pcm.frame_bytes
        self._incomplete = (pcm, data[whole:]) if whole < len(data) else None
        self._inbox.put(pcm, data[:whole] if self._incomplete else data)
        self._changed.set()

    def configure(self, options: RequestOptions) -> None:
        """From this place on these options hold."""
        self._inbox.mark(options)
        self._changed.set()

    def end(self, ended_by: EndedBy) -> None:
        """The utterance ends at this place."""
        self._inbox.mark(ended_by)
        self._changed.set()

    def close(self) -> None:
        """The last utterance ends at this place; nothing follows."""
        self._is_closed = True
        self.end(EndedBy.AUDIO_STOP)

    def drop(self) -> None:
        """Drop all that waits, except the newest options."""
        if self._returned is not None:
            self._position_seconds += self._returned.seconds
            self._returned = None
        self._position_seconds += self._inbox.seconds
        options = self._inbox.clear(RequestOptions)
        if options is not None:
            self._inbox.mark(options)
        self._stream = PcmStream()
        self._taken.set()

    async def wait(self) -> bool:
        """Wait until there is something to take; False where nothing follows."""
        while not self and not self._is_closed:
            self._changed.clear()
            await self._changed.wait()
        return bool(self)

    async def wait_for_room(self, most_seconds: float, most_count: int) -> None:
        """Wait until no more than that waits: audio, or pieces of it and things said."""
        while self._inbox.seconds > most_seconds or len(self._inbox) > most_count:
            self._taken.clear()
            await self._taken.wait()

    def take(self, most_seconds: float) -> Piece:
        """Take what comes next: a block of audio of at most so many seconds, and what is behind it.

        Audio that goes on behind an utterance's last second is its `EndedBy.LIMIT`.
        """
        piece = self._take(most_seconds)
        self._position_seconds += piece.seconds
        self._taken.set()
        return piece

    def _take(self, most_seconds: float) -> Piece:
        if self._returned is not None:
            piece, self._returned = self._returned, None
            return piece
        options = self._inbox.take_mark(RequestOptions)
        block = self._inbox.take(min(BLOCK_SECONDS, most_seconds))
        left = most_seconds - (block.seconds if block else 0.0)
        ended_by = self._inbox.take_mark(EndedBy)
        if ended_by is None and left * SAMPLE_RATE_HZ < 1 and self._inbox.has_audio_next:
            ended_by = EndedBy.LIMIT
        return Piece(options=options, block=block, ended_by=ended_by)

    def decode(self, piece: Piece) -> Samples:
        """The samples of a piece, 16 kHz mono; for a worker."""
        decoded = self._stream.decode(piece.block, last=piece.ended_by is not None)
        return join([piece.returned, decoded]) if len(piece.returned) else decoded

    def give_back(self, samples: Samples, ended_by: EndedBy | None) -> None:
        """Return the end of the piece taken last, and what ended it: both are the next one's."""
        if len(samples) or ended_by is not None:
            self._position_seconds -= len(samples) / SAMPLE_RATE_HZ
            self._returned = Piece(returned=samples, ended_by=ended_by)
