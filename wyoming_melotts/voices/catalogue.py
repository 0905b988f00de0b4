"""What there is: MyShell's published voices, their BERTs, and the demo voice of the package."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wyoming_serving.models.hub import ModelSource

VOICE_FILES = ("config.json", "checkpoint.pth")
_BERT_FILES = ("config.json", "vocab.txt", "tokenizer_config.json")
_SAFETENSORS, _PICKLE = "model.safetensors", "pytorch_model.bin"


@dataclass(frozen=True)
class Bert:
    """A published BERT; `name` is the name of its folder where folders are placed by hand."""

    name: str
    source: ModelSource


@dataclass(frozen=True)
class Language:
    """What the voices of one front-end have in common."""

    key: str
    normalization: str
    """Its language in `wyoming_melotts.normalization`."""
    tags: tuple[str, ...]
    """BCP 47 tags of a speaker that `SPEAKER_TAGS` does not know."""
    bert: Bert


@dataclass(frozen=True)
class Model:
    """One checkpoint. `speakers` are the published ones, for use until its config.json is read."""

    key: str
    language: Language
    speakers: tuple[str, ...]
    source: ModelSource | None = None
    folder: Path | None = None
    in_english: "Model | None" = None
    """What reads its texts without Chinese characters, where that is another front-end."""
    written_ns: int = 0
    """When the files in `folder` were written: files put in their place are another model."""

    @property
    def origin(self) -> str:
        """Where it comes from, for people."""
        return str(self.folder or (self.source and self.source.hf))

    @property
    def tags(self) -> tuple[str, ...]:
        """The BCP 47 tags of the languages that it reads."""
        english = self.in_english.language.tags if self.in_english else ()
        return (*self.language.tags, *english)


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


LANGUAGES = {
    language.key: language
    for language in (
        Language(
            "ZH",
            "zh",
            ("zh-CN", "zh", "zh-TW", "zh-HK", "zh-Hans", "zh-Hant"),
            _bert(
                "google-bert/bert-base-multilingual-uncased",
                _SAFETENSORS,
                "google-bert/bert-base-multilingual-uncased",
            ),
        ),
        Language(
            "EN",
            "en",
            ("en-US", "en"),
            _bert("google-bert/bert-base-uncased", _SAFETENSORS, "AI-ModelScope/bert-base-uncased"),
        ),
        Language("JP", "ja", ("ja-JP", "ja"), _bert("tohoku-nlp/bert-base-japanese-v3", _PICKLE)),
        Language("KR", "ko", ("ko-KR", "ko"), _bert("kykim/bert-kor-base", _PICKLE)),
        Language(
            "ES",
            "es",
            ("es-ES", "es"),
            _bert("dccuchile/bert-base-spanish-wwm-uncased", _PICKLE),
        ),
        Language(
            "FR", "fr", ("fr-FR", "fr"), _bert("dbmdz/bert-base-french-europeana-cased", _PICKLE)
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

DEMO_FOLDER = Path(__file__).parents[1] / "demo_voice"
_DEMO_SPEAKER = "demo"
DEMO = Model(
    "demo",
    LANGUAGES["ZH"],
    (_DEMO_SPEAKER,),
    folder=DEMO_FOLDER,
    in_english=Model("demo-en", LANGUAGES["EN"], (_DEMO_SPEAKER,), folder=DEMO_FOLDER),
)
"""The small voice that comes with the package, so that something speaks without a download."""


def voices_of(model: Model, speakers: Sequence[str] = ()) -> list[Voice]:
    """The voices of a model: those of `speakers`, or of the published ones where none are known."""
    return [
        Voice(
            _voice_name(model.key, speaker), model, speaker, SPEAKER_TAGS.get(speaker, model.tags)
        )
        for speaker in speakers or model.speakers
    ]


def _voice_name(key: str, speaker: str) -> str:
    """The speaker's own name, with the model's key before it where the name alone is ambiguous."""
    own_names = (key, *(_ENGLISH_SPEAKERS if key == "EN" else ()))
    return speaker if speaker in own_names else f"{key}/{speaker}"
