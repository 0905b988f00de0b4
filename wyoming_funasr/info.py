"""What the service says of itself."""

from collections.abc import Collection, Sequence

from wyoming.info import AsrModel, AsrProgram, Attribution, Info

from wyoming_funasr.models import Model
from wyoming_funasr.requests.languages import advertised_tags
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving import __version__

_FUNASR = Attribution(name="FunASR", url="https://github.com/modelscope/FunASR")
_PROGRAM = "funasr"


def program_name(model: Model, number: int) -> str:
    """Returns the name by which a client selects a model; that of the first does not depend on it.

    A client that selects none gets the first program, and Home Assistant names itself by it.
    """
    return f"{_PROGRAM}-{model.name}" if number else _PROGRAM


def describe_models(
    models: Sequence[Model], installed: Collection[str], settings: FunasrSettings
) -> Info:
    """The info message: a program for each model, of which those named `installed` can be used.

    What was measured with the demo model and WebRTC's processing, which Home Assistant offers: gain
    helps quiet speech (24 dB below full level) and costs nothing else to speak of; noise reduction
    makes more errors than the noise unless that is nearly as loud as the speech.
    """
    return Info(
        asr=[
            AsrProgram(
                name=program_name(model, number),
                attribution=_FUNASR,
                installed=True,
                description="Speech to text with FunASR",
                version=__version__,
                models=[_described(model, model.name in installed)],
                supports_transcript_streaming=settings.partial_transcripts,
                requires_external_vad=not settings.endpointing,
                prefers_auto_gain_enabled=True,
                prefers_noise_reduction_enabled=False,
            )
            for number, model in enumerate(models)
        ]
    )


def _described(model: Model, is_installed: bool) -> AsrModel:
    return AsrModel(
        name=model.name,
        attribution=Attribution(name=model.author, url=model.url),
        installed=is_installed,
        description=model.description,
        version=__version__,
        languages=advertised_tags(model.languages),
    )
