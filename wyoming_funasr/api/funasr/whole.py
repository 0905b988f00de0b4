"""Recordings of mode `offline`, which are recognized when the whole of them is there."""

import contextlib
import struct
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from wyoming_funasr.api.funasr.requests import Wishes
from wyoming_funasr.api.sessions import ListenHost
from wyoming_funasr.api.uploads import Upload, Uploads, Wanted
from wyoming_funasr.recognition.text import join
from wyoming_funasr.recognition.types import Recognition
from wyoming_serving.http.websocket import WebSocket
from wyoming_serving.reports import RequestReport

_HEADER_BYTES = 44
_RIFF = b"RIFF"
_MOST_BYTES = 0xFFFF_FF00
"""That a WAV file can tell of."""

Value = TypeVar("Value")


class Whole:
    """Receives the recordings of one client."""

    def __init__(self, host: ListenHost, uploads: Uploads, websocket: WebSocket) -> None:
        self._host = host
        self._uploads = uploads
        self._websocket = websocket

    async def call(self, function: Callable[[], Value]) -> Value:
        """Run what takes long for a long recording in a worker."""
        return await self._uploads.recordings.call(function)

    @contextlib.asynccontextmanager
    async def receive(self, wishes: Wishes, data: bytes) -> AsyncIterator["WholeRecording"]:
        """Receive a recording that begins with `data`.

        Raises:
            ServiceError: `queue-full`, or those of `Upload.write`.
        """
        async with self._uploads.receive() as upload:
            # FunASR's page sends WAV files with their headers, and calls them PCM
            is_raw = wishes.is_pcm and not data.startswith(_RIFF)
            recording = WholeRecording(self._host, self._uploads, upload, self._websocket, is_raw)
            if is_raw:
                await recording.write(bytes(_HEADER_BYTES))
            await recording.write(data)
            yield recording


class WholeRecording:
    """One recording."""

    def __init__(
        self,
        host: ListenHost,
        uploads: Uploads,
        upload: Upload,
        websocket: WebSocket,
        is_raw: bool,
    ) -> None:
        """`is_raw`: it is PCM without a header, for which room is left."""
        self._host = host
        self._uploads = uploads
        self._upload = upload
        self._websocket = websocket
        self._is_raw = is_raw

    async def write(self, data: bytes) -> None:
        """Add the next bytes: see `Upload.write`."""
        await self._upload.write(data)

    async def recognize(self, wishes: Wishes) -> Recognition:
        """Returns the text and the words of the whole recording.

        Raises:
            ServiceError: see `Recordings.transcribe`.
        """
        if self._is_raw:
            header = _wav_header(self._upload.size - _HEADER_BYTES, wishes.audio_fs)
            await self._uploads.recordings.call(lambda: self._begin_with(header))
        options = self._host.options.build(
            self._host.models.named(wishes.model),
            language=wishes.language,
            names=(),
            silence_ms=None,
            partials=False,
            use_itn=wishes.svs_itn,
        )
        wanted = Wanted(
            options.model,
            options.language_tag,
            options.language,
            names=wishes.names,
            use_itn=options.use_itn,
        )
        report = RequestReport("transcription")
        with self._websocket.reported(report):
            heard = []
            transcribing = self._uploads.transcribe(self._upload.file, wanted, report)
            async with contextlib.aclosing(transcribing) as stretches:
                async for one in stretches:
                    heard.append(one.recognition)
            report.text = join([one.text for one in heard])
        words = tuple(word for one in heard for word in one.words)
        return Recognition(report.text, words)

    def _begin_with(self, header: bytes) -> None:
        self._upload.file.seek(0)
        self._upload.file.write(header)


def _wav_header(size: int, rate_hz: int) -> bytes:
    """Returns the header of a WAV file with `size` bytes of 16-bit mono PCM."""
    told = min(size, _MOST_BYTES)
    riff = struct.pack("<4sI4s", _RIFF, 36 + told, b"WAVE")
    chunk = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate_hz, 2 * rate_hz, 2, 16)
    return riff + chunk + struct.pack("<4sI", b"data", told)
