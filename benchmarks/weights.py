"""Weights of real size and random values, written once into a folder that stays."""

from pathlib import Path

from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.sense_voice import LANGUAGE_QUERIES, NORMALIZED_QUERY, SPOKEN_QUERY
from wyoming_serving.models.protobuf import bytes_field, text_field

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


def sense_voice_onnx(cache: Path) -> Path:
    """The same SenseVoiceSmall in FunASR's ONNX form, int8. Gives the folder."""
    folder = cache / "SenseVoiceSmall-onnx"
    if not (folder / "tokens.json").is_file():
        from benchmarks.published_models import export_sense_voice

        export_sense_voice(sense_voice(cache), folder)
        (folder / "model.onnx").unlink()
    return folder


def sherpa_onnx(published: Path) -> tuple[Path, Path]:
    """A published folder as sherpa-onnx reads it: the graph with its metadata, and the tokens.

    Source of the names: sherpa-onnx, `scripts/sense-voice/export-onnx.py`. ModelProto's field 14
    holds entries of a key (1) and a value (2); fields of one message may stand in any order.
    """
    model, tokens = published / "sherpa.int8.onnx", published / "tokens.txt"
    if tokens.is_file():
        return model, tokens
    folder = ModelFolder(published)
    shift, scale = folder.normalization or ((), ())
    entries = {
        "lfr_window_size": 7, "lfr_window_shift": 6, "normalize_samples": 0,
        "neg_mean": ",".join(map(str, shift)), "inv_stddev": ",".join(map(str, scale)),
        "model_type": "sense_voice_ctc", "version": 1, "vocab_size": len(folder.vocabulary),
        "model_author": "random", "maintainer": "random", "comment": "random", "url": "random",
        **{f"lang_{language}": query for language, query in LANGUAGE_QUERIES.items()},
        "with_itn": NORMALIZED_QUERY, "without_itn": SPOKEN_QUERY,
    }  # fmt: skip
    metadata = (
        bytes_field(14, text_field(1, key) + text_field(2, str(value)))
        for key, value in entries.items()
    )
    model.write_bytes((published / "model_quant.onnx").read_bytes() + b"".join(metadata))
    lines = (f"{token} {number}\n" for number, token in enumerate(folder.vocabulary))
    tokens.write_text("".join(lines), encoding="utf-8")
    return model, tokens
