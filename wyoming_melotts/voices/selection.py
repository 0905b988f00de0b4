"""Which voice and which model read a text. Nothing here reads the disk."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from wyoming_melotts.voices.catalogue import DEMO, Voice, voices_of
from wyoming_melotts.voices.library import Inventory
from wyoming_serving.errors import ErrorCode, ServiceError

_NEAR_NAMES = 5
_LONGEST_NAME = 80
"""Longer names are no misspelling of a voice's; comparing them would only take time."""


@dataclass(frozen=True)
class VoiceRequest:
    """What a client said of the voice it wants."""

    name: str | None = None
    language: str | None = None
    speaker: str | None = None


def choose_voice(wanted: VoiceRequest, inventory: Inventory, default: Voice) -> Voice:
    """The voice that a request asks for by name, speaker or language, or else `default`.

    Raises:
        ServiceError: code `unknown-voice` or `unsupported-language`; the text lists the near ones
            or what is allowed.
    """
    if wanted.name is not None:
        named = find_voice(wanted.name, inventory)
        return _of_speaker(wanted.speaker, inventory, named) if wanted.speaker else named
    if wanted.speaker is not None:
        return _of_speaker(wanted.speaker, inventory, default)
    if wanted.language is not None:
        return _of_language(wanted.language, inventory, default)
    return default


def find_voice(name: str, inventory: Inventory) -> Voice:
    """The voice of this name; case does not matter.

    Raises:
        ServiceError: code `unknown-voice`; the text lists the near ones.
    """
    for voice in (*inventory.voices, *voices_of(DEMO)):
        if voice.name.lower() == name.lower():
            return voice
    names = [voice.name for voice in inventory.voices]
    raise ServiceError(ErrorCode.UNKNOWN_VOICE, _unknown("voice", name, names))


def default_voice(name: str | None, inventory: Inventory, *, offline: bool) -> Voice:
    """The voice of requests that name none: `name`, else the first on disk, else ZH.

    The demo voice stands in only where nothing can be downloaded.

    Raises:
        ServiceError: there is no voice `name`.
    """
    if name is not None:
        return find_voice(name, inventory)
    voices = [voice for voice in inventory.voices if offline or voice.model != DEMO]
    return next(filter(inventory.has, voices), voices[0])


def fitting_voice(text: str, inventory: Inventory, default: Voice) -> Voice:
    """The voice for a text when a request named none.

    It is `default`, unless the text is in the script of another language that a voice on disk
    speaks.
    """
    language = _language_of_script(text)
    if language is None or _can_read(default.model.language.key, language):
        return default
    voices = (voice for voice in inventory.voices if voice.model.language.key == language)
    return next(filter(inventory.has, voices), default)


def reading_voice(text: str, voice: Voice) -> Voice:
    """The same speaker with the model that reads this text: its own, or its English one."""
    if voice.model.in_english is None or _language_of_script(text) is not None:
        return voice
    return replace(voice, model=voice.model.in_english)


def _of_speaker(speaker: str, inventory: Inventory, near: Voice) -> Voice:
    """The voice of a speaker, of the model of `near` where it has one."""
    voices = sorted(inventory.voices, key=lambda voice: voice.model != near.model)
    for voice in voices:
        if voice.speaker.lower() == speaker.lower():
            return voice
    names = dict.fromkeys(voice.speaker for voice in voices)
    raise ServiceError(ErrorCode.UNKNOWN_VOICE, _unknown("speaker", speaker, names))


def _of_language(tag: str, inventory: Inventory, default: Voice) -> Voice:
    """The voice for a language tag: best one on disk, then one of that region, then `default`."""
    wanted = tag.replace("_", "-").lower()
    language = wanted.split("-")[0]
    voices = [
        voice
        for voice in inventory.voices
        if language in {spoken.split("-")[0] for spoken in voice.tags}
    ]
    if not voices:
        tags = dict.fromkeys(spoken for voice in inventory.voices for spoken in voice.tags)
        raise ServiceError(ErrorCode.UNSUPPORTED_LANGUAGE, _unknown("language", tag, tags))
    return min(
        voices,
        key=lambda voice: (
            not inventory.has(voice),
            wanted not in map(str.lower, voice.tags),
            voice != default,
        ),
    )


def _unknown(what: str, asked: str, allowed: Iterable[str]) -> str:
    by_lower = {name.lower(): name for name in allowed}
    near = (
        difflib.get_close_matches(asked.lower(), by_lower, _NEAR_NAMES, cutoff=0.4)
        if len(asked) <= _LONGEST_NAME
        else []
    )
    listed = ", ".join(by_lower[name] for name in near) or ", ".join(by_lower.values())
    shown = asked[:_LONGEST_NAME]
    return f"there is no {what} {shown!r}; {'near ones' if near else 'allowed'}: {listed}"


_SCRIPTS = (
    ("JP", re.compile("[\u3041-\u30ff]")),
    ("KR", re.compile("[\uac00-\ud7a3\u1100-\u11ff]")),
    ("ZH", re.compile("[\u4e00-\u9fff]")),
)


def _language_of_script(text: str) -> str | None:
    """The language that alone writes so, if any; kana decide before Chinese characters."""
    return next((key for key, characters in _SCRIPTS if characters.search(text)), None)


def _can_read(voice_key: str, text_key: str) -> bool:
    return voice_key == text_key or (voice_key, text_key) == ("JP", "ZH")
