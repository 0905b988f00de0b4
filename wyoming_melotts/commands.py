"""What the command line does once, without a server."""

import io
import os
import sys
import wave
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from wyoming_melotts.delivery.fades import faded
from wyoming_melotts.delivery.sentences import cut_sentences
from wyoming_melotts.frontends import Tokenizer
from wyoming_melotts.frontends.tokenizers import load_tokenizer
from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.synthesis.engine import Engine, find_tokenizer, make_reader, speech_options
from wyoming_melotts.voices import LANGUAGES, Language, VoiceLibrary
from wyoming_melotts.voices.selection import default_voice, fitting_voice, reading_voice
from wyoming_serving.audio import encode_pcm16
from wyoming_serving.errors import ErrorCode, ServiceError

_OTHER_NAMES = {"ZH_MIX_EN": "ZH", "SP": "ES", "JA": "JP", "KO": "KR"}


def say(settings: MelottsSettings, text: str, output: Path | None) -> int:
    """Speak a text as the server would; writes a WAV file, or to standard output.

    Raises:
        ServiceError: the voice or the file is not to be had.
    """
    if output is not None:
        _check_output(output)
    library = VoiceLibrary(settings)
    inventory = library.scan()
    voice = default_voice(settings.voice, inventory, offline=settings.offline)
    if settings.voice is None:
        voice = fitting_voice(text, inventory, voice)
    engine = Engine(settings, library, shape=faded)
    audio = b"".join(
        encode_pcm16(samples)
        for sentence in cut_sentences(text)
        for samples in engine.speak(reading_voice(sentence, voice), sentence)
    )
    content = _wav(audio, settings.sample_rate_hz)
    try:
        if output is None:
            sys.stdout.buffer.write(content)
        else:
            output.write_bytes(content)
    except OSError as error:
        raise ServiceError(ErrorCode.OUTPUT_FAILED, f"{output}: {error.strerror}") from None
    return 0


def _check_output(output: Path) -> None:
    """Find out before anything is computed whether `output` can be written."""
    if not output.parent.is_dir():
        problem = f"there is no folder {output.parent}"
    elif output.is_dir():
        problem = "is a folder; allowed: a file's name"
    elif not os.access(output if output.exists() else output.parent, os.W_OK):
        problem = "may not be written"
    else:
        return
    raise ServiceError(ErrorCode.OUTPUT_FAILED, f"{output}: {problem}")


def phonemize(
    settings: MelottsSettings, language: str, tokenizer: Path | None, lines: Iterable[str]
) -> Iterator[dict[str, Any]]:
    """For each line what the language's front-end makes of it.

    Raises:
        ServiceError: the language or the tokenizer is wrong.
    """
    known = _language(language)
    reader = make_reader(known, _tokenizer(settings, known, tokenizer), speech_options(settings))
    for line in lines:
        phonemes = reader.phonemize_line(line.rstrip("\r\n"))
        yield {
            "norm_text": phonemes.norm_text,
            "tokens": phonemes.tokens,
            "phones": phonemes.phones,
            "tones": phonemes.tones,
            "word2ph": phonemes.word2ph,
        }


def _language(name: str) -> Language:
    key = name.upper().replace("-", "_")
    key = _OTHER_NAMES.get(key, key)
    if key not in LANGUAGES:
        allowed = ", ".join([*LANGUAGES, *_OTHER_NAMES])
        raise ServiceError(ErrorCode.UNSUPPORTED_LANGUAGE, f"language {name!r}; allowed: {allowed}")
    return LANGUAGES[key]


def _tokenizer(settings: MelottsSettings, language: Language, path: Path | None) -> Tokenizer:
    if path is None:
        return find_tokenizer(language, VoiceLibrary(settings))
    folder = path if path.is_dir() else path.parent
    try:
        return load_tokenizer(folder, language.key)
    except (OSError, ValueError, KeyError) as error:
        raise ServiceError(ErrorCode.TOKENIZER_MISSING, f"{path}: {error}") from None


def _wav(audio: bytes, rate_hz: int) -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setframerate(rate_hz)
        file.setsampwidth(2)
        file.setnchannels(1)
        file.writeframes(audio)
    return content.getvalue()
