"""The routes of OpenAI's API for speech to text.

Source: https://platform.openai.com/docs/api-reference/audio
"""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import BinaryIO

from aiohttp import web

from wyoming_funasr.api.openai.form import FormReader
from wyoming_funasr.api.openai.formats import (
    CONTENT_TYPES,
    Transcription,
    delta_event,
    done_event,
    error_event,
    language_of,
    written,
)
from wyoming_funasr.api.openai.parameters import Parameters, read_parameters
from wyoming_funasr.api.uploads import Uploads, Wanted
from wyoming_funasr.recognition.text import join
from wyoming_funasr.recordings.transcription import (
    TranscribedStretch,
)
from wyoming_funasr.requests.models import ServedModels
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.http.api import API
from wyoming_serving.http.errors import error_object
from wyoming_serving.http.models import model_routes
from wyoming_serving.reports import RequestReport

_OWNER = "wyoming-funasr"


class OpenAiApi:
    """Transcribes uploads with what the service knows: its model, its home, its hotwords."""

    def __init__(
        self,
        uploads: Uploads,
        settings: FunasrSettings,
        models: ServedModels,
        look_around: Callable[[], Awaitable[None]],
    ) -> None:
        """`look_around` brings `models` up to date."""
        self._uploads = uploads
        self._look_around = look_around
        self._settings = settings
        self._models = models

    def routes(self) -> list[web.AbstractRouteDef]:
        """Returns the routes."""
        return [
            *model_routes(self._names, _OWNER),
            web.post("/v1/audio/transcriptions", self._transcribe),
            web.post("/v1/audio/translations", self._translate),
        ]

    async def _names(self) -> list[str]:
        await self._look_around()
        return [model.name for model in self._models]

    async def _translate(self, _: web.Request) -> web.Response:
        raise ServiceError(
            ErrorCode.NOT_SUPPORTED,
            "these models do not translate; /v1/audio/transcriptions writes down what is said",
        )

    async def _transcribe(self, request: web.Request) -> web.StreamResponse:
        report = RequestReport("transcription")
        with request.app[API].reported(request, report):
            async with self._uploads.receive() as upload:
                parameters = read_parameters(
                    await FormReader(request, upload).read(),
                    self._models,
                    self._settings.language,
                )
                answer = self._stream if parameters.stream else self._answer
                return await answer(request, upload.file, parameters, report)

    async def _answer(
        self, request: web.Request, file: BinaryIO, parameters: Parameters, report: RequestReport
    ) -> web.Response:
        stretches: list[TranscribedStretch] = []
        async with contextlib.aclosing(self._heard(file, parameters, report)) as heard:
            async for one in heard:
                stretches.append(one)
        transcription = _transcription(stretches, parameters, report)
        body = await self._uploads.recordings.call(lambda: written(transcription, parameters))
        return web.Response(text=body, content_type=CONTENT_TYPES[parameters.format])

    async def _stream(
        self, request: web.Request, file: BinaryIO, parameters: Parameters, report: RequestReport
    ) -> web.StreamResponse:
        """Send each stretch as soon as those before it are known.

        A failure before the first text is an error as any other; later it is an event.
        """
        answer = web.StreamResponse(headers={"Cache-Control": "no-store"})
        answer.content_type, answer.charset = "text/event-stream", "utf-8"
        stretches: list[TranscribedStretch] = []
        text = ""
        try:
            async with contextlib.aclosing(self._heard(file, parameters, report)) as heard:
                async for one in heard:
                    stretches.append(one)
                    before, text = text, join([text, one.recognition.text])
                    if not answer.prepared:
                        await answer.prepare(request)
                    await answer.write(delta_event(text[len(before) :]))
        except ServiceError as error:
            if not answer.prepared:
                raise
            report.outcome, report.error = error.code, error.text
            await answer.write(error_event(error_object(error)))
            return answer
        if not answer.prepared:
            await answer.prepare(request)
        await answer.write(done_event(_transcription(stretches, parameters, report)))
        return answer

    def _heard(
        self, file: BinaryIO, parameters: Parameters, report: RequestReport
    ) -> AsyncGenerator[TranscribedStretch, None]:
        wanted = Wanted(
            parameters.model,
            parameters.language_tag,
            parameters.language,
            parameters.languages,
            parameters.names,
        )
        return self._uploads.transcribe(file, wanted, report)


def _transcription(
    stretches: Sequence[TranscribedStretch], parameters: Parameters, report: RequestReport
) -> Transcription:
    language = language_of(stretches, parameters.language)
    transcription = Transcription(stretches, report.audio_seconds or 0.0, language)
    report.language, report.text = language, transcription.text
    return transcription
