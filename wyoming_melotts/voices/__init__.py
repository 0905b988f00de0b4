"""The voices: what there is, what is on disk or on a hub, and which one reads a text."""

from wyoming_melotts.voices.catalogue import (
    CATALOGUE,
    DEMO,
    DEMO_FOLDER,
    LANGUAGES,
    Bert,
    Language,
    Model,
    Voice,
)
from wyoming_melotts.voices.library import Inventory, VoiceLibrary

__all__ = [
    "CATALOGUE",
    "DEMO",
    "DEMO_FOLDER",
    "LANGUAGES",
    "Bert",
    "Inventory",
    "Language",
    "Model",
    "Voice",
    "VoiceLibrary",
]
