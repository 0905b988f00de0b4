"""A form with an audio file, received into a file of bounded size."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import SpooledTemporaryFile, gettempdir
from typing import BinaryIO, TypeVar, cast

from aiohttp import BodyPartReader, MultipartReader, web

from wyoming_funasr.recordings.transcription import Recordings
from wyoming_serving.errors import ErrorCode, InvalidRequest, ServiceError
from wyoming_serving.http.api import API
from wyoming_serving.http.bodies import check_length, slow_body, too_large

FILE_FIELD = "file"

_PIECE_BYTES = 256 << 10
_IN_MEMORY_BYTES = 1 << 20
"""A smaller file, as most are, never touches the disk."""

_MAX_FIELDS = 200
_MAX_FIELD_BYTES = 16 << 10
_MAX_FORM_BYTES = 256 << 10
"""Of all fields and their headers, beside the file."""

Value = TypeVar("Value")


@dataclass
class Form:
    """What was received; close it to let go of the file."""

    file: BinaryIO
    has_file: bool = False
    fields: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """`name[]` stands under `name`."""


class FormReader:
    """Receives the form of one request."""

    def __init__(
        self, request: web.Request, recordings: Recordings, folder: Path, most_bytes: int
    ) -> None:
        """`most_bytes`: of the file, which is kept in `folder` meanwhile."""
        self._request = request
        self._recordings = recordings
        self._most_bytes = most_bytes
        self._seconds = request.app[API].limits.silent_seconds
        self._form_bytes = 0
        file = SpooledTemporaryFile(_IN_MEMORY_BYTES, dir=_usable(folder))  # noqa: SIM115 see `close`
        self._form = Form(cast(BinaryIO, file))

    async def read(self) -> Form:
        """Returns the whole form.

        Raises:
            ServiceError: `invalid-request`, it is no such form; `body-too-large`;
                `request-timeout`; `output-failed`, the file cannot be kept.
        """
        check_length(self._request, self._most_bytes + _MAX_FORM_BYTES)
        try:
            parts = await self._request.multipart()
        except (ValueError, AssertionError):
            raise InvalidRequest("the body must be multipart/form-data") from None
        try:
            for _ in range(_MAX_FIELDS):
                part = await self._in_time(parts.next)
                if part is None:
                    break
                await self._take(part)
            else:
                raise InvalidRequest(f"the form has more than {_MAX_FIELDS} fields")
        except (ValueError, AssertionError, EOFError, web.RequestPayloadError):
            raise InvalidRequest("the form is broken or cut off") from None
        if not self._form.has_file:
            raise InvalidRequest("file is missing", param=FILE_FIELD)
        return self._form

    async def close(self) -> None:
        """Let go of the file."""
        await self._recordings.call(self._form.file.close)

    async def _take(self, part: MultipartReader | BodyPartReader) -> None:
        if not isinstance(part, BodyPartReader) or not part.name:
            raise InvalidRequest("a part of the form has no name")
        name = part.name.removesuffix("[]")
        self._form_bytes += sum(map(len, part.headers.values())) + len(name)
        if name != FILE_FIELD:
            self._form.fields[name].append(await self._text(part, name))
        elif self._form.has_file:
            raise InvalidRequest("file was given twice", param=FILE_FIELD)
        else:
            self._form.has_file = True
            await self._keep(part)

    async def _text(self, part: BodyPartReader, name: str) -> str:
        value = bytearray()
        while piece := await self._in_time(lambda: part.read_chunk(_MAX_FIELD_BYTES)):
            value += piece
            self._form_bytes += len(piece)
            if len(value) > _MAX_FIELD_BYTES or self._form_bytes > _MAX_FORM_BYTES:
                raise ServiceError(
                    ErrorCode.BODY_TOO_LARGE,
                    f"{name[:40]} is longer than {_MAX_FIELD_BYTES} bytes",
                    param=name[:40],
                )
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise InvalidRequest(f"{name[:40]} is not UTF-8", param=name[:40]) from None

    async def _keep(self, part: BodyPartReader) -> None:
        size = 0
        while piece := await self._in_time(lambda: part.read_chunk(_PIECE_BYTES)):
            size += len(piece)
            if size > self._most_bytes:
                raise too_large(self._most_bytes)
            await self._write(piece)

    async def _write(self, piece: bytes) -> None:
        try:
            await self._recordings.call(lambda: self._form.file.write(piece))
        except OSError as error:
            raise ServiceError(
                ErrorCode.OUTPUT_FAILED, f"the file cannot be kept: {error.strerror or error}"
            ) from None

    async def _in_time(self, read: Callable[[], Awaitable[Value]]) -> Value:
        """Wait for the next piece of the body.

        Raises:
            ServiceError: `request-timeout`.
        """
        try:
            async with asyncio.timeout(self._seconds):
                return await read()
        except TimeoutError:
            raise slow_body(self._seconds) from None


def _usable(folder: Path) -> str:
    """Returns a folder that can be written to: the one for models is on a disk, `/tmp` often in
    memory."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder)
    return gettempdir()
