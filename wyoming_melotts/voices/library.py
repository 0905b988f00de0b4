"""The voices on disk and on the hubs: looking them up and fetching them. All of it blocks."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.voices.catalogue import (
    CATALOGUE,
    DEMO,
    LANGUAGES,
    VOICE_FILES,
    Bert,
    Language,
    Model,
    Voice,
    voices_of,
)
from wyoming_serving.errors import ErrorCode, ModelMissing, ServiceError
from wyoming_serving.models.hub import Hub, HubName, ModelSource, file_bytes, missing_files


@dataclass(frozen=True)
class Inventory:
    """The voices at one moment, as `VoiceLibrary.scan` found them."""

    voices: tuple[Voice, ...]
    """Every voice that may be asked for, on disk or not."""
    on_disk: frozenset[str]
    """Keys of the models that need no download."""

    def has(self, voice: Voice) -> bool:
        """Whether a voice speaks without a download."""
        return voice.model.key in self.on_disk

    @property
    def models(self) -> dict[str, Model]:
        """The models of the voices, by their keys."""
        return {voice.model.key: voice.model for voice in self.voices}


@dataclass(frozen=True)
class _VoiceCard:
    """What a voice's config.json says of it."""

    speakers: tuple[str, ...] = ()
    uses_bert: bool = True


class VoiceLibrary:
    """The folders and the hub where voices are."""

    def __init__(self, settings: MelottsSettings) -> None:
        self._settings = settings
        self._folder = settings.voices_dir.expanduser() if settings.voices_dir else None
        self._hub_name: HubName = settings.hub
        self._offline = settings.offline
        self._demo_wanted = DEMO.key in (settings.voice, *settings.preload)

    def scan(self) -> Inventory:
        """Look at what is on disk now.

        The demo voice is listed where a setting names it, or where no other voice is on disk.

        Raises:
            ServiceError: code `voices-missing`, where the folder of voices is absent or holds a
                voice whose name begins with no language.
        """
        placed = {model.key: model for model in self._placed_by_hand()}
        models = {model.key: model for model in CATALOGUE} | placed
        on_disk = {key for key, model in models.items() if self.is_on_disk(model)}
        if self._demo_wanted or not on_disk:
            models[DEMO.key] = DEMO
            on_disk.add(DEMO.key)
        voices = [voice for model in models.values() for voice in self._voices_of(model)]
        return Inventory(tuple(voices), frozenset(on_disk))

    def is_on_disk(self, model: Model) -> bool:
        """Whether a model can be loaded without a download, its BERT included."""
        folder = self._model_folder(model)
        if folder is None or missing_files(folder, VOICE_FILES):
            return False
        return not _card_of(folder).uses_bert or self._bert_folder(model.language.bert) is not None

    def can_fetch(self, model: Model, reachable: Collection[HubName]) -> bool:
        """Whether the hubs that can be reached have all of a model. Reads no disk."""
        sources = (model.source, model.language.bert.source)
        return not self._offline and all(
            source is not None and self._hub_name_for(source) in reachable for source in sources
        )

    def fetch(self, model: Model) -> tuple[Path, Path | None]:
        """The folders of a model and of its BERT (None where it uses none), downloaded if needed.

        Raises:
            ModelMissing: one of them cannot be had; the text says what to do.
        """
        try:
            return self._fetch(model)
        except ModelMissing as error:
            raise ModelMissing(f"{error.text}; or {self._ways_out(model)}") from error

    def bytes_on_disk(self, model: Model) -> int:
        """What a model and its BERT take, so far where they are being downloaded."""
        bert = model.language.bert.source
        own = file_bytes(model.folder) if model.folder else self._held_bytes(model.source)
        return own + self._held_bytes(bert)

    def is_removable(self, model: Model) -> bool:
        """Whether a model lies in the cache, and not where somebody put it."""
        return (
            model.source is not None
            and self._hub_for(model.source).cached(model.source) is not None
        )

    def remove(self, model: Model, others: Iterable[Model]) -> None:
        """Delete a model from the cache, and its BERT unless one of the others on disk uses it."""
        if model.source is None:
            return
        self._hub_for(model.source).remove(model.source)
        bert = model.language.bert
        if not any(one.language.bert == bert for one in others if self.is_on_disk(one)):
            self._hub_for(bert.source).remove(bert.source)

    def vocabulary_folder(self, bert: Bert) -> Path | None:
        """A folder on disk with the tokenizer of a BERT, whether or not its weights are there."""
        by_hand = self._folder / bert.name if self._folder else None
        if by_hand is not None and (by_hand / "vocab.txt").is_file():
            return by_hand
        return self._hub_for(bert.source).cached(bert.source)

    def _fetch(self, model: Model) -> tuple[Path, Path | None]:
        command = self._settings.command(f"download {model.key}")
        folder = model.folder
        if folder is None:
            assert model.source is not None
            folder = self._hub_for(model.source).find(model.source, command)
        lacking = missing_files(folder, VOICE_FILES)
        if lacking:
            raise ModelMissing(f"voice folder {folder} lacks {', '.join(lacking)}")
        if not _card_of(folder).uses_bert:
            return folder, None
        bert = model.language.bert
        bert_folder = self._bert_folder(bert)
        return folder, bert_folder or self._hub_for(bert.source).find(bert.source, command)

    def _held_bytes(self, source: ModelSource | None) -> int:
        return self._hub_for(source).held_bytes(source) if source is not None else 0

    def _ways_out(self, model: Model) -> str:
        """What helps where a model cannot be downloaded, with the options that the user gave."""
        other: HubName = "hf" if self._hub_name == "modelscope" else "modelscope"
        sources = (model.source, model.language.bert.source)
        ways = [f"`{self._settings.command(voice=DEMO.key)}` speaks with the demo voice"]
        if not self._offline and all(source and source.on(other) for source in sources):
            ways.append(f"`{self._settings.command(hub=other)}` tries the other hub")
        place = self._folder or "FOLDER"
        given = "" if self._folder else " and --voices-dir FOLDER"
        ways.append(f"put the files in {place}/{model.key} and {place}/{model.language.bert.name}")
        return ", or ".join(ways) + given

    def _model_folder(self, model: Model) -> Path | None:
        if model.folder is not None:
            return model.folder
        assert model.source is not None
        return self._hub_for(model.source).cached(model.source)

    def _bert_folder(self, bert: Bert) -> Path | None:
        by_hand = self._folder / bert.name if self._folder else None
        if by_hand is not None and (by_hand / "config.json").is_file():
            return by_hand
        return self._hub_for(bert.source).cached(bert.source)

    def _voices_of(self, model: Model) -> list[Voice]:
        folder = self._model_folder(model)
        return voices_of(model, _card_of(folder).speakers if folder is not None else ())

    def _placed_by_hand(self) -> list[Model]:
        if self._folder is None:
            return []
        if not self._folder.is_dir():
            raise ServiceError(
                ErrorCode.VOICES_MISSING, f"voices_dir {self._folder} is not a folder"
            )
        return [
            Model(
                folder.name, _language_of(folder), (), folder=folder, written_ns=_written_ns(folder)
            )
            for folder in sorted(self._folder.iterdir())
            if not missing_files(folder, VOICE_FILES)
        ]

    def _hub_for(self, source: ModelSource) -> Hub:
        """The chosen hub where it has the model, else Hugging Face."""
        return Hub(
            self._hub_name_for(source),
            self._settings.cache_dir,
            offline=self._offline,
            stall_seconds=self._settings.hub_seconds,
        )

    def _hub_name_for(self, source: ModelSource) -> HubName:
        return self._hub_name if source.on(self._hub_name) is not None else "hf"


def _language_of(folder: Path) -> Language:
    """The language that a folder's name begins with, as in `EN`, `EN_V2` or `zh-grandmother`."""
    for end in range(len(folder.name), 0, -1):
        begins, rest = folder.name[:end].upper(), folder.name[end:]
        if begins in LANGUAGES and not rest[:1].isalpha():
            return LANGUAGES[begins]
    raise ServiceError(
        ErrorCode.VOICES_MISSING,
        f"voice folder {folder}: its name must begin with its language: {', '.join(LANGUAGES)}",
    )


def _written_ns(folder: Path) -> int:
    """When the newest of a voice's files was written; 0 where one has just gone."""
    try:
        return max((folder / name).stat().st_mtime_ns for name in VOICE_FILES)
    except OSError:
        return 0


def _card_of(folder: Path) -> _VoiceCard:
    """What a folder's config.json says; what cannot be read is reported when the voice loads."""
    path = folder / "config.json"
    try:
        return _read_card(path, path.stat().st_mtime_ns)
    except OSError:
        return _VoiceCard()


@lru_cache(maxsize=256)
def _read_card(path: Path, _mtime_ns: int) -> _VoiceCard:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))["data"]
        speakers = tuple(map(str, data.get("spk2id", ())))
        return _VoiceCard(speakers, uses_bert=not data.get("disable_bert", False))
    except (ValueError, KeyError, TypeError, AttributeError):
        return _VoiceCard()
