"""Audio files of clients, received into files of bounded size and recognized there."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import SpooledTemporaryFile, gettempdir
from typing import BinaryIO, cast

from wyoming_funasr.recognition.hotwords import merge_hotwords
from wyoming_funasr.recordings.transcription import (
    RecordingOptions,
    Recordings,
    TranscribedStretch,
)
from wyoming_funasr.requests.models import ServedModel
from wyoming_funasr.requests.script import in_script
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.errors import ErrorCode, QueueFull, ServiceError
from wyoming_serving.http.bodies import too_large
from wyoming_serving.reports import RequestReport, Stage

_IN_MEMORY_BYTES = 1 << 20
"""A smaller file, as most are, never touches the disk."""


@dataclass(frozen=True)
class Wanted:
    """How a client wants its file recognized."""

    model: ServedModel
    language_tag: str | None
    """As the client wrote it: `zh-TW`."""
    language: str
    """What the model is told: `zh`."""
    languages: tuple[str, ...] = ()
    """Those that `auto` may mean; none are what the settings say."""
    names: Sequence[str] = ()
    use_itn: bool | None = None
    """None is what the settings say."""


class Upload:
    """A file that is being received."""

    def __init__(self, recordings: Recordings, folder: Path, most_bytes: int) -> None:
        """`folder`: where it is kept meanwhile."""
        self._recordings = recordings
        self.most_bytes = most_bytes
        file = SpooledTemporaryFile(_IN_MEMORY_BYTES, dir=_usable(folder))  # noqa: SIM115 see `close`
        self.file = cast(BinaryIO, file)
        self.size = 0

    async def write(self, piece: bytes) -> None:
        """Add the next bytes.

        Raises:
            ServiceError: `body-too-large`; `output-failed`, the file cannot be kept.
        """
        self.size += len(piece)
        if self.size > self.most_bytes:
            raise too_large(self.most_bytes)
        try:
            await self._recordings.call(lambda: self.file.write(piece))
        except OSError as error:
            raise ServiceError(
                ErrorCode.OUTPUT_FAILED, f"the file cannot be kept: {error.strerror or error}"
            ) from None

    async def close(self) -> None:
        """Let go of the file."""
        await self._recordings.call(self.file.close)


class Uploads:
    """Receives files, a few at a time, and recognizes them with what the service knows."""

    def __init__(self, recordings: Recordings, settings: FunasrSettings) -> None:
        self.recordings = recordings
        self._settings = settings
        self._places = asyncio.Semaphore(settings.http_max_uploads)

    @contextlib.asynccontextmanager
    async def receive(self) -> AsyncIterator[Upload]:
        """Wait until a file may be received; it is there while the block runs.

        Raises:
            QueueFull: it would have to wait too long.
        """
        settings = self._settings
        try:
            async with asyncio.timeout(settings.max_wait_seconds):
                await self._places.acquire()
        except TimeoutError:
            raise QueueFull(
                f"{settings.http_max_uploads} files are being recognized; try again later"
            ) from None
        try:
            folder, most_bytes = settings.cache_dir.expanduser(), settings.http_max_upload_bytes
            upload = Upload(self.recordings, folder, most_bytes)
            try:
                yield upload
            finally:
                await upload.close()
        finally:
            self._places.release()

    async def transcribe(
        self, file: BinaryIO, wanted: Wanted, report: RequestReport
    ) -> AsyncGenerator[TranscribedStretch, None]:
        """Yields the stretches with text, in the characters that were asked for.

        Close the generator, as by `contextlib.aclosing`, before the file.

        Raises:
            ServiceError: see `Recordings.transcribe`.
        """
        settings, model, tag = self._settings, wanted.model, wanted.language_tag
        report.model, report.language = model.name, tag or wanted.language
        home = model.home(tag)
        options = RecordingOptions(
            language=wanted.language,
            languages=wanted.languages or settings.languages,
            use_itn=settings.use_itn if wanted.use_itn is None else wanted.use_itn,
            hotwords=merge_hotwords(
                settings.hotword_weight,
                model.hotwords(),
                wanted.names,
                (),
                settings.max_hotwords,
            ),
            home=home,
        )
        began = asyncio.get_running_loop().time()
        transcribing = self.recordings.transcribe(model.pipeline, file, options, report)
        async with contextlib.aclosing(transcribing) as stretches:
            async for one in stretches:
                if one.recognition.text:
                    script = settings.chinese_script
                    yield replace(one, recognition=in_script(one.recognition, tag, script, home))
        report.add(Stage.END_TO_RESULT, asyncio.get_running_loop().time() - began)


def _usable(folder: Path) -> str:
    """Returns a folder that can be written to: the one for models is on a disk, `/tmp` often in
    memory."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder)
    return gettempdir()
