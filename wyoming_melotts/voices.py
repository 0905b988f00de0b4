"""The voices: upstream's catalogue, folders by hand, and which of them are on disk."""

import difflib
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from wyoming_melotts.settings import MelottsSettings
from wyoming_serving.errors import ErrorCode, ModelMissing, ServiceError
from wyoming_serving.hub import Hub, HubName, ModelSource, missing_files

VOICE_FILES = ("config.json", "checkpoint.pth")
_BERT_FILES = ("config.json", "vocab.txt", "tokenizer_config.json")
_BERT_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
_NEAR_VOICES = 5


@dataclass(frozen=True)
class Bert:
    """A published BERT; `name` is its folder's name where folders are given by hand."""

    name: str
    source: ModelSource


@dataclass(frozen=True)
class Language:
    """What the voices of one front-end have in common."""

    key: str
    normalization: str
    """Its language in `wyoming_melotts.normalization`."""
    tags: tuple[str, ...]
    """Of a speaker that `SPEAKER_TAGS` does not know."""
    bert: Bert


@dataclass(frozen=True)
class Model:
    """One checkpoint. `speakers` are upstream's, for before its config.json is on disk."""

    key: str
    language: Language
    speakers: tuple[str, ...]
    source: ModelSource | None = None
    folder: Path | None = None
    in_english: "Model | None" = None
    """What speaks its texts that have no Chinese characters, where that is another reading."""

    @property
    def origin(self) -> str:
        """Where it comes from, for people."""
        return str(self.folder or (self.source and self.source.hf))


@dataclass(frozen=True)
class VoiceRequest:
    """What a client said of the voice it wants."""

    name: str | None = None
    language: str | None = None
    speaker: str | None = None


@dataclass(frozen=True)
class Voice:
    """One speaker of one model, as Wyoming names it."""

    name: str
    model: Model
    speaker: str
    tags: tuple[str, ...]


def _bert(hf: str, weights: str, modelscope: str | None = None) -> Bert:
    wanted = (*_BERT_FILES, weights)
    needed = ("config.json", "vocab.txt", weights)
    return Bert(hf.split("/")[-1], ModelSource(modelscope, hf, needed, wanted))


_SAFE, _PICKLED = _BERT_WEIGHTS

LANGUAGES = {
    language.key: language
    for language in (
        Language(
            "ZH",
            "zh",
            ("zh-CN", "zh", "zh-TW", "zh-HK", "zh-Hans", "zh-Hant"),
            _bert("google-bert/bert-base-multilingual-uncased", _SAFE),
        ),
        Language(
            "EN",
            "en",
            ("en-US", "en"),
            _bert("google-bert/bert-base-uncased", _SAFE, "AI-ModelScope/bert-base-uncased"),
        ),
        Language("JP", "ja", ("ja-JP", "ja"), _bert("tohoku-nlp/bert-base-japanese-v3", _PICKLED)),
        Language("KR", "ko", ("ko-KR", "ko"), _bert("kykim/bert-kor-base", _PICKLED)),
        Language(
            "ES",
            "es",
            ("es-ES", "es"),
            _bert("dccuchile/bert-base-spanish-wwm-uncased", _PICKLED),
        ),
        Language(
            "FR", "fr", ("fr-FR", "fr"), _bert("dbmdz/bert-base-french-europeana-cased", _PICKLED)
        ),
    )
}

SPEAKER_TAGS: dict[str, tuple[str, ...]] = {
    "EN-US": ("en-US", "en"),
    "EN-BR": ("en-GB",),
    "EN_INDIA": ("en-IN",),
    "EN-AU": ("en-AU",),
}

_ENGLISH_SPEAKERS = ("EN-US", "EN-BR", "EN_INDIA", "EN-AU", "EN-Default")


def _model(
    key: str, language: str, repository: str, speakers: Sequence[str], *, on_modelscope: bool
) -> Model:
    hf = f"myshell-ai/MeloTTS-{repository}"
    source = ModelSource(hf if on_modelscope else None, hf, VOICE_FILES, VOICE_FILES)
    return Model(key, LANGUAGES[language], tuple(speakers), source)


CATALOGUE = (
    _model("ZH", "ZH", "Chinese", ("ZH",), on_modelscope=True),
    _model("EN", "EN", "English", _ENGLISH_SPEAKERS, on_modelscope=True),
    _model("EN_V2", "EN", "English-v2", _ENGLISH_SPEAKERS, on_modelscope=False),
    _model("EN_NEWEST", "EN", "English-v3", ("EN-Newest",), on_modelscope=False),
    _model("JP", "JP", "Japanese", ("JP",), on_modelscope=True),
    _model("KR", "KR", "Korean", ("KR",), on_modelscope=False),
    _model("ES", "ES", "Spanish", ("ES",), on_modelscope=False),
    _model("FR", "FR", "French", ("FR",), on_modelscope=False),
)
"""All of upstream's voices, by upstream's keys."""

DEMO_FOLDER = Path(__file__).with_name("demo_voice")
_DEMO_SPEAKER = "demo"
DEMO = Model(
    "demo",
    LANGUAGES["ZH"],
    (_DEMO_SPEAKER,),
    folder=DEMO_FOLDER,
    in_english=Model("demo-en", LANGUAGES["EN"], (_DEMO_SPEAKER,), folder=DEMO_FOLDER),
)
"""The small voice that comes with the package, so that something speaks without a download."""


class VoiceLibrary:
    """Finds voices by name and their files on disk or on a hub."""

    def __init__(self, settings: MelottsSettings) -> None:
        """Read the folder of voices by hand.

        Raises:
            ServiceError: it is not there.
        """
        self._folder = settings.voices_dir.expanduser() if settings.voices_dir else None
        self._hub_name: HubName = settings.hub
        self._cache_dir = settings.cache_dir
        self._offline = settings.offline
        self._demo_wanted = DEMO.key in (settings.voice, *settings.preload)
        if self._folder is not None and not self._folder.is_dir():
            raise ServiceError(
                ErrorCode.VOICES_MISSING, f"voices_dir {self._folder} is not a folder"
            )
        by_hand = {model.key: model for model in self._models_by_hand()}
        catalogue = {model.key: model for model in CATALOGUE}
        self._real_models: dict[str, Model] = catalogue | by_hand

    @property
    def models(self) -> dict[str, Model]:
        """Every model by its key; the demo voice's only when a setting names it, or when no other
        is on disk."""
        real = self._real_models
        if self._demo_wanted or not any(map(self.on_disk, real.values())):
            return {**real, DEMO.key: DEMO}
        return real

    def voices(self) -> list[Voice]:
        """Every voice, on disk or not."""
        return [voice for model in self.models.values() for voice in self._voices_of(model)]

    def on_disk(self, model: Model) -> bool:
        """Whether a model can be loaded without a download, its BERT included."""
        folder = self.model_folder(model)
        if folder is None or missing_files(folder, VOICE_FILES):
            return False
        return not _wants_bert(folder) or self.bert_folder(model.language.bert) is not None

    def can_speak(self, model: Model, reachable: Collection[HubName]) -> bool:
        """Whether a request would be answered: it is on disk, or can be fetched now."""
        if self.on_disk(model):
            return True
        sources = (model.source, model.language.bert.source)
        return not self._offline and all(
            source is not None and self._hub_name_for(source) in reachable for source in sources
        )

    def choose(self, wanted: VoiceRequest, default: Voice) -> Voice:
        """The voice that a request names by name, speaker or language, or else `default`.

        Raises:
            ServiceError: code `unknown-voice`; the text lists the near ones or what is allowed.
        """
        if wanted.name is not None:
            named = self.find(wanted.name)
            return self._of_speaker(wanted.speaker, named) if wanted.speaker else named
        if wanted.speaker is not None:
            return self._of_speaker(wanted.speaker, default)
        if wanted.language is not None:
            return self._of_language(wanted.language, default)
        return default

    def fitting(self, text: str, default: Voice) -> Voice:
        """The voice for a text when a request named none: `default`, unless the text is in the
        script of another language that a voice on disk speaks."""
        language = _language_of_script(text)
        if language is None or _can_read(default.model.language.key, language):
            return default
        voices = (voice for voice in self.voices() if voice.model.language.key == language)
        return next((voice for voice in voices if self.on_disk(voice.model)), default)

    def find(self, name: str) -> Voice:
        """The voice of this name; case does not matter.

        Raises:
            ServiceError: code `unknown-voice`; the text lists the near ones.
        """
        voices = self.voices()
        for voice in (*voices, *self._voices_of(DEMO)):
            if voice.name.lower() == name.lower():
                return voice
        raise _unknown("voice", name, [voice.name for voice in voices])

    def default(self, name: str | None) -> Voice:
        """The voice of requests that name none: `name`, else the first on disk, else ZH.

        The demo voice stands in only where nothing can be downloaded.

        Raises:
            ServiceError: there is no voice `name`.
        """
        if name is not None:
            return self.find(name)
        voices = [v for v in self.voices() if self._offline or v.model != DEMO]
        return next((voice for voice in voices if self.on_disk(voice.model)), voices[0])

    def model_folder(self, model: Model) -> Path | None:
        """The files of a model, where they are on disk."""
        if model.folder is not None:
            return model.folder
        assert model.source is not None
        return self._hub_for(model.source).cached(model.source)

    def bert_folder(self, bert: Bert) -> Path | None:
        """The files of a BERT, where they are on disk."""
        by_hand = self._folder / bert.name if self._folder else None
        if by_hand is not None and (by_hand / "config.json").is_file():
            return by_hand
        return self._hub_for(bert.source).cached(bert.source)

    def vocabulary_folder(self, bert: Bert) -> Path | None:
        """A folder on disk with the tokenizer of a BERT, be its weights there or not."""
        by_hand = self._folder / bert.name if self._folder else None
        if by_hand is not None and (by_hand / "vocab.txt").is_file():
            return by_hand
        return self._hub_for(bert.source).cached(bert.source)

    def fetch(self, model: Model) -> tuple[Path, Path | None]:
        """The folders of a model and of its BERT (None where it uses none), downloaded if needed.

        Raises:
            ModelMissing: one of them cannot be had.
        """
        command = f"wyoming-melotts download {model.key}"
        folder = model.folder
        if folder is None:
            assert model.source is not None
            folder = self._hub_for(model.source).find(model.source, command)
        lacking = missing_files(folder, VOICE_FILES)
        if lacking:
            raise ModelMissing(f"voice folder {folder} lacks {', '.join(lacking)}")
        if not _wants_bert(folder):
            return folder, None
        bert = model.language.bert
        bert_folder = self.bert_folder(bert)
        return folder, bert_folder or self._hub_for(bert.source).find(bert.source, command)

    def _of_speaker(self, speaker: str, near: Voice) -> Voice:
        """The voice of a speaker, of the model of `near` where it has one."""
        voices = sorted(self.voices(), key=lambda voice: voice.model != near.model)
        for voice in voices:
            if voice.speaker.lower() == speaker.lower():
                return voice
        raise _unknown("speaker", speaker, list(dict.fromkeys(voice.speaker for voice in voices)))

    def _of_language(self, tag: str, default: Voice) -> Voice:
        """The voice for a language tag: best one on disk, then one of that region, then the
        default."""
        wanted = tag.replace("_", "-").lower()
        voices = [
            voice
            for voice in self.voices()
            if wanted.split("-")[0] in {tag.split("-")[0] for tag in voice.tags}
        ]
        if not voices:
            tags = dict.fromkeys(tag for voice in self.voices() for tag in voice.tags)
            raise _unknown("language", tag, list(tags))
        return min(
            voices,
            key=lambda voice: (
                not self.on_disk(voice.model),
                wanted not in map(str.lower, voice.tags),
                voice != default,
            ),
        )

    def _voices_of(self, model: Model) -> list[Voice]:
        folder = self.model_folder(model)
        speakers = (_speakers(folder) if folder is not None else None) or model.speakers
        return [
            Voice(
                _voice_name(model.key, speaker),
                model,
                speaker,
                SPEAKER_TAGS.get(speaker, _tags(model)),
            )
            for speaker in speakers
        ]

    def _models_by_hand(self) -> list[Model]:
        if self._folder is None:
            return []
        return [
            Model(folder.name, language, (), folder=folder)
            for folder in sorted(self._folder.iterdir())
            if (folder / VOICE_FILES[0]).is_file() and (folder / VOICE_FILES[1]).is_file()
            for language in [_language_of(folder)]
        ]

    def _hub_for(self, source: ModelSource) -> Hub:
        """The chosen hub where it has the model, else Hugging Face."""
        return Hub(self._hub_name_for(source), self._cache_dir, offline=self._offline)

    def _hub_name_for(self, source: ModelSource) -> HubName:
        return self._hub_name if source.on(self._hub_name) is not None else "hf"


def _unknown(what: str, asked: str, allowed: list[str]) -> ServiceError:
    by_lower = {name.lower(): name for name in allowed}
    near = difflib.get_close_matches(asked.lower(), by_lower, _NEAR_VOICES, cutoff=0.4)
    listed = ", ".join(by_lower[name] for name in near) or ", ".join(allowed)
    return ServiceError(
        ErrorCode.UNKNOWN_VOICE,
        f"there is no {what} {asked[:80]!r}; {'near ones' if near else 'allowed'}: {listed}",
    )


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


def in_language_of(text: str, model: Model) -> Model:
    """The model that reads a text: itself, or its English reading."""
    if model.in_english is None or _language_of_script(text) is not None:
        return model
    return model.in_english


def _tags(model: Model) -> tuple[str, ...]:
    english = model.in_english.language.tags if model.in_english else ()
    return (*model.language.tags, *english)


def _voice_name(key: str, speaker: str) -> str:
    """The speaker's own name, behind the model's key where that name is not its own."""
    return speaker if speaker in (key, *_own_speakers(key)) else f"{key}/{speaker}"


def _own_speakers(key: str) -> tuple[str, ...]:
    return _ENGLISH_SPEAKERS if key == "EN" else ()


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


def _speakers(folder: Path) -> tuple[str, ...]:
    """The speakers that a voice's config.json lists; none where it cannot be read."""
    try:
        content = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return tuple(map(str, content["data"]["spk2id"]))
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def _wants_bert(folder: Path) -> bool:
    try:
        content = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return not content["data"].get("disable_bert", False)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return True
