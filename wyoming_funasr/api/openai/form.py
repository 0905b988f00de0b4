"""A form with an audio file, received into a file of bounded size."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http import HttpProcessingError

from wyoming_funasr.api.uploads import Upload
from wyoming_serving.errors import ErrorCode, InvalidRequest, ServiceError
from wyoming_serving.http.api import API
from wyoming_serving.http.bodies import PIECE_BYTES, check_announced, slow_body

FILE_FIELD = "file"

_MAX_FIELDS = 200
_MAX_FIELD_BYTES = 16 << 10
_MAX_FORM_BYTES = 256 << 10
"""Of all fields and their headers, beside the file."""

_BROKEN = (ValueError, AssertionError, EOFError, HttpProcessingError, web.RequestPayloadError)
"""What aiohttp raises for a form that is none."""

Value = TypeVar("Value")


class FormReader:
    """Receives the form of one request."""

    def __init__(self, request: web.Request, upload: Upload) -> None:
        """`upload` takes the file."""
        self._request = request
        self._upload = upload
        self._seconds = self._seconds_left = request.app[API].limits.silent_seconds
        self._bytes_in_time = 0
        self._form_bytes = 0
        self._has_file = False
        self._fields: dict[str, list[str]] = defaultdict(list)

    async def read(self) -> Mapping[str, Sequence[str]]:
        """Returns the form's fields beside the file, `name[]` under `name`.

        Raises:
            ServiceError: `invalid-request`, it is no such form; `body-too-large`;
                `request-timeout`; `output-failed`, the file cannot be kept.
        """
        check_announced(self._request, self._upload.most_bytes + _MAX_FORM_BYTES)
        try:
            parts = await self._request.multipart()
        except (ValueError, AssertionError, KeyError):  # KeyError: no Content-Type at all
            raise InvalidRequest("the body must be multipart/form-data") from None
        try:
            for _ in range(_MAX_FIELDS):
                part = await self._in_time(parts.next)
                if part is None:
                    break
                await self._take(part)
            else:
                raise InvalidRequest(f"the form has more than {_MAX_FIELDS} fields")
        except _BROKEN:
            raise InvalidRequest("the form is broken or cut off") from None
        if not self._has_file:
            raise InvalidRequest("file is missing", param=FILE_FIELD)
        return self._fields

    async def _take(self, part: MultipartReader | BodyPartReader) -> None:
        if not isinstance(part, BodyPartReader) or not part.name:
            raise InvalidRequest("a part of the form has no name")
        name = part.name.removesuffix("[]")
        self._form_bytes += sum(map(len, part.headers.values())) + len(name)
        if name != FILE_FIELD:
            self._fields[name].append(await self._text(part, name))
        elif self._has_file:
            raise InvalidRequest("file was given twice", param=FILE_FIELD)
        else:
            self._has_file = True
            while piece := await self._read(part):
                await self._upload.write(piece)

    async def _text(self, part: BodyPartReader, name: str) -> str:
        value = bytearray()
        while piece := await self._read(part):
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

    async def _read(self, part: BodyPartReader) -> bytes:
        """The next bytes of a part; none at its end."""
        piece: bytes = await self._in_time(lambda: part.read_chunk(PIECE_BYTES))
        self._bytes_in_time += len(piece)
        if self._bytes_in_time >= PIECE_BYTES:
            self._bytes_in_time, self._seconds_left = 0, self._seconds
        return piece

    async def _in_time(self, read: Callable[[], Awaitable[Value]]) -> Value:
        """Wait for what comes next of the body, for which only the client's time counts.

        Raises:
            ServiceError: `request-timeout`.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(self._seconds_left):
                return await read()
        except TimeoutError:
            raise slow_body(self._seconds) from None
        finally:
            self._seconds_left -= loop.time() - began
