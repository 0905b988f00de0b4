"""Speech to text and text to speech of one's own for LiveKit Agents.

The servers are wyoming-funasr and wyoming-melotts, started with `--http-port`.
"""

from livekit.agents import Plugin
from livekit.plugins.wyoming.log import logger
from livekit.plugins.wyoming.stt import STT, RecognizeStream
from livekit.plugins.wyoming.tts import TTS, SynthesizeStream
from livekit.plugins.wyoming.version import __version__

__all__ = ["STT", "TTS", "RecognizeStream", "SynthesizeStream", "__version__"]


class WyomingPlugin(Plugin):
    """Registers the plugin with LiveKit."""

    def __init__(self) -> None:
        super().__init__(__name__, __version__, __package__ or __name__, logger)


Plugin.register_plugin(WyomingPlugin())
