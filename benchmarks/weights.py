"""Weights of real size and random values, written once into a folder that stays."""

from pathlib import Path

FRAMES_PER_TOKEN = 4.0
"""About what trained MeloTTS voices have: five Chinese characters a second."""


def sense_voice(cache: Path) -> Path:
    """SenseVoiceSmall: 234 M parameters, 0.9 GB. Its path tells wyoming-faster-whisper what it is.

    Gives the folder.
    """
    folder = cache / "SenseVoiceSmall"
    if not (folder / "model.pt").is_file():
        from benchmarks.random_models import REAL, write_sense_voice

        write_sense_voice(folder, REAL)
    return folder


def melotts(cache: Path) -> Path:
    """A Chinese voice with its BERT, 0.9 GB. Gives the folder of voices."""
    folder = cache / "melotts"
    if not (folder / "complete").is_file():
        from benchmarks.melotts_random_models import (
            BERT_BASE_MULTILINGUAL,
            PUBLISHED_SIZE,
            write_bert,
            write_voice,
        )
        from wyoming_melotts.voices import LANGUAGES

        write_voice(folder / "ZH", PUBLISHED_SIZE, FRAMES_PER_TOKEN)
        write_bert(folder / LANGUAGES["ZH"].bert.name, BERT_BASE_MULTILINGUAL)
        (folder / "complete").touch()
    return folder
