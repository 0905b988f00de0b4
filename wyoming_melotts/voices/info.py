"""What the service says of itself."""

from collections.abc import Collection, Sequence

from wyoming.info import Attribution, Info, TtsProgram, TtsVoice

from wyoming_melotts.voices.catalogue import DEMO, Voice
from wyoming_serving import __version__

_AUTHOR = Attribution(name="MyShell", url="https://github.com/myshell-ai/MeloTTS")
_DEMO_TEACHER = Attribution(name="Kokoro-82M", url="https://github.com/hexgrad/kokoro")
_DEMO_DESCRIPTION = "small demo voice; the real ones come with `wyoming-melotts download`"


def describe_voices(voices: Sequence[Voice], installed: Collection[str]) -> Info:
    """The info message; voices of the `installed` models are announced as such."""
    program = TtsProgram(
        name="melotts",
        attribution=_AUTHOR,
        installed=True,
        description="Text to speech with MeloTTS",
        version=__version__,
        supports_synthesize_streaming=True,
        voices=[
            TtsVoice(
                name=voice.name,
                attribution=_DEMO_TEACHER if voice.model == DEMO else _AUTHOR,
                installed=voice.model.key in installed,
                description=_description(voice),
                version=None,
                languages=list(voice.tags),
            )
            for voice in voices
        ],
    )
    return Info(tts=[program])


def _description(voice: Voice) -> str:
    if voice.model == DEMO:
        return _DEMO_DESCRIPTION
    return f"{voice.speaker} of {voice.model.key}"
