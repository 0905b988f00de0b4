"""Finding a model: a local folder, then the cache, then a download.

Downloads go through ModelScope's and Hugging Face's own libraries, which check files, show a
progress bar, keep what is whole after a break, and honour their own variables
(`MODELSCOPE_ENDPOINT`, `HF_ENDPOINT`, proxies). A model appears in the cache only when it is
complete: it is fetched into `NAME.partial` and renamed.
"""

import contextlib
import hashlib
import logging
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

from wyoming_serving.errors import ModelMissing
from wyoming_serving.models.download_watch import watched_download
from wyoming_serving.settings import Settings

_LOGGER = logging.getLogger(__name__)

HubName = Literal["modelscope", "hf"]

_PARTIAL = ".partial"
"""Ends the name of a folder whose model is being downloaded."""
_LEAVING = ".removed"


@dataclass(frozen=True)
class ModelSource:
    """One model's names on the hubs; a hub that does not have it stays None."""

    modelscope: str | None
    hf: str | None
    needed: tuple[str, ...] = ()
    """Files without which a folder is not this model; `a|b` is either of two."""
    wanted: tuple[str, ...] | None = None
    """Patterns of files to download; None takes all."""
    sums: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The sha256 of files as they were published, by their names."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Its names, each once."""
        return tuple(dict.fromkeys(name for name in (self.modelscope, self.hf) if name))

    def on(self, hub: HubName) -> str | None:
        """The model's id on `hub`."""
        return self.modelscope if hub == "modelscope" else self.hf


class Hub:
    """A cache folder in front of a model hub."""

    def __init__(
        self, hub: HubName, cache_dir: Path, *, offline: bool, stall_seconds: float
    ) -> None:
        """A download of which nothing arrives for `stall_seconds` is given up."""
        self._hub: HubName = hub
        self._cache = cache_dir.expanduser()
        self._offline = offline
        self._stall_seconds = stall_seconds

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Returns the hub that the settings name."""
        return cls(
            settings.hub,
            settings.cache_dir,
            offline=settings.offline,
            stall_seconds=settings.hub_seconds,
        )

    def offers(self, source: ModelSource) -> bool:
        """Whether this hub has the model."""
        return source.on(self._hub) is not None

    def cached(self, source: ModelSource) -> Path | None:
        """The complete copy of a model in the cache, from whichever hub it came."""
        for model_id in (source.on(self._hub), source.modelscope, source.hf):
            if model_id is None:
                continue
            folder = self._folder(model_id)
            if folder.is_dir() and not missing_files(folder, source.needed):
                return folder
        return None

    def held_bytes(self, source: ModelSource) -> int:
        """Returns what a model takes in the cache; that of a download under way counts as well."""
        folders = [self._folder(model_id) for model_id in source.ids]
        partial_ones = [folder.with_name(folder.name + _PARTIAL) for folder in folders]
        return sum(file_bytes(folder) for folder in (*folders, *partial_ones))

    def remove(self, source: ModelSource) -> None:
        """Delete a model from the cache, from whichever hub it came.

        Raises:
            OSError: it cannot be deleted.
        """
        for model_id in source.ids:
            folder = self._folder(model_id)
            if folder.is_dir():
                leaving = folder.with_name(folder.name + _LEAVING)  # half of a model is none
                os.replace(folder, leaving)
                shutil.rmtree(leaving)

    def find(self, source: ModelSource, command: str) -> Path:
        """The folder of a model: from the cache, else downloaded.

        `command` is what a user runs to download it, for the error.

        Raises:
            ModelMissing: it is not in the cache and cannot be fetched.
        """
        folder = self.cached(source)
        if folder is not None:
            return folder
        if self._offline:
            raise ModelMissing(
                f"{source.on(self._hub)} is not in {self._cache} and the service is offline; "
                f"run `{command}` where there is a network"
            )
        return self.download(source, command)

    def download(self, source: ModelSource, command: str) -> Path:
        """Fetch a model; files that an earlier try fetched whole are not fetched again.

        Raises:
            ModelMissing: the hub does not have it or did not answer, or the cache cannot be
                written.
        """
        model_id = source.on(self._hub)
        if model_id is None:
            raise ModelMissing(f"{source.modelscope or source.hf} is not on {self._hub}")
        folder = self._folder(model_id)
        partial = folder.with_name(folder.name + _PARTIAL)
        try:
            partial.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ModelMissing(
                f"{model_id} cannot be downloaded: {self._cache} cannot be written "
                f"({error.strerror}); choose another folder with --cache-dir"
            ) from None
        _LOGGER.info("downloading %s from %s to %s", model_id, self._hub, folder)
        try:
            watched_download(
                lambda: self._fetch(model_id, partial, source.wanted), partial, self._stall_seconds
            )
        except Exception as error:
            reason = " ".join(str(error).split())[:300] or type(error).__name__
            raise ModelMissing(
                f"{model_id} could not be downloaded from {self._hub} ({reason}); "
                f"run `{command}` to try again"
            ) from error
        lacking = missing_files(partial, source.needed)
        if lacking:
            raise ModelMissing(f"{model_id} on {self._hub} lacks {', '.join(lacking)}")
        for name in _wrong_files(partial, source.sums):
            (partial / name).unlink()  # so that another try fetches it again
            raise ModelMissing(
                f"{name} of {model_id} from {self._hub} is not what was published (its sha256 "
                f"differs); run `{command}` to try again"
            )
        os.replace(partial, folder)
        return folder

    def _folder(self, model_id: str) -> Path:
        return self._cache / model_id.replace("/", "--")

    def _fetch(self, model_id: str, folder: Path, wanted: Sequence[str] | None) -> None:
        patterns = list(wanted) if wanted is not None else None
        if self._hub == "modelscope":
            from modelscope_hub import HubApi

            HubApi().download_repo(model_id, "model", local_dir=folder, allow_patterns=patterns)
        else:
            from huggingface_hub import snapshot_download as from_hf

            from_hf(model_id, local_dir=folder, allow_patterns=patterns)


def file_bytes(folder: Path) -> int:
    """Returns the bytes of all files below a folder, which may change meanwhile."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += os.stat(os.path.join(place, name)).st_size
    return total


def missing_files(folder: Path, needed: Sequence[str]) -> list[str]:
    """The needed files that `folder` lacks."""
    return [
        name.replace("|", " or ")
        for name in needed
        if not any((folder / one).is_file() for one in name.split("|"))
    ]


def _wrong_files(folder: Path, sums: Mapping[str, str]) -> Iterator[str]:
    """The files whose content has another sha256."""
    for name, expected in sums.items():
        with (folder / name).open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != expected:
                yield name
