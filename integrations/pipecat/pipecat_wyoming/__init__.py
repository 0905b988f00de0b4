"""Speech to text and text to speech of one's own for Pipecat.

The servers are wyoming-funasr and wyoming-melotts, started with `--http-port`.
"""

from pipecat_wyoming.stt import WyomingSTTService, WyomingSTTSettings
from pipecat_wyoming.tts import WyomingTTSService, WyomingTTSSettings

__all__ = ["WyomingSTTService", "WyomingSTTSettings", "WyomingTTSService", "WyomingTTSSettings"]
