"""Everything the speech-to-text service can be told."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from wyoming_serving.settings import CommaSeparated, Settings, Uri, split_commas

ChineseScript = Literal["auto", "simplified", "traditional", "taiwan", "hongkong"]


class FunasrSettings(Settings):
    """Settings of `wyoming-funasr`; the first names are older than this project."""

    model_config = SettingsConfigDict(env_prefix="FUNASR_")

    uri: Uri = "tcp://0.0.0.0:10300"
    model_dir: str = Field(
        "SenseVoiceSmall",
        min_length=1,
        description="Model: a name, a folder, or an id on the hub",
        json_schema_extra={
            "allowed": "SenseVoiceSmall, paraformer-zh, demo, a folder, a hub id (owner/name)"
        },
    )
    language: Literal["auto", "zh", "en", "yue", "ja", "ko"] = Field(
        "auto", description="Language of requests that name none"
    )
    use_itn: bool = Field(
        True, description="Write punctuation and numbers as digits (inverse text normalisation)"
    )
    max_segment_time: int = Field(
        30_000, ge=1_000, le=60_000, description="Longest piece recognised at once, milliseconds"
    )
    use_external_vad: bool = Field(
        True, description="Find speech with Silero (in the package) instead of FunASR's fsmn-vad"
    )
    chinese_script: ChineseScript = Field(
        "auto", description="Chinese characters to write; auto follows the request's language"
    )
    hotwords: CommaSeparated = Field(
        (), description="Words to listen for, with commas between: rooms, people, devices"
    )
    hotword_file: Path | None = Field(None, description="Text file with one hotword a line")
    hotword_weight: float = Field(
        3.0, ge=0, le=20, description="How strongly hotwords pull; 0 turns them off"
    )
    max_hotwords: int = Field(
        500, ge=0, le=10_000, description="Hotwords that one request may use, the first ones count"
    )
    max_utterance_seconds: float = Field(
        30.0, gt=0, le=600, description="Longest utterance; it is recognised up to there"
    )
    max_request_seconds: float = Field(
        300.0, gt=0, le=86_400, description="Longest time from a request's start to its audio-stop"
    )
    max_batch: int = Field(8, ge=1, le=256, description="Utterances recognised at once")
    max_batch_seconds: float = Field(
        60.0, gt=0, le=3600, description="Audio in one batch, with its padding"
    )

    @field_validator("hotwords", mode="before")
    @classmethod
    def _split_hotwords(cls, value: object) -> object:
        return split_commas(value)
