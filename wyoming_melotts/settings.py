"""Everything the text-to-speech service can be told."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from wyoming_serving.devices import available_cores
from wyoming_serving.ray.settings import EngineSettings
from wyoming_serving.repeated_command import repeated_command
from wyoming_serving.settings import CommaSeparated, Uri, split_commas

_MOST_PARALLEL_SPEECHES = 4
"""More would make the first chunk of each late, and keep more memory."""

_CORES_PER_SPEECH = 2
"""Fewer, and speeches that begin at the same moment would all sound as late as the last of them:
two at once on two cores have their first audio when the second would have it in turn."""


class MelottsSettings(EngineSettings):
    """Settings of `wyoming-melotts`."""

    model_config = SettingsConfigDict(env_prefix="MELOTTS_")

    uri: Uri = "tcp://0.0.0.0:10200"
    hub: Literal["modelscope", "hf"] = Field(
        "hf",
        description="Where voices are downloaded from; what ModelScope lacks comes from "
        "Hugging Face, whose mirror HF_ENDPOINT names",
    )
    precision: Literal["auto", "float32", "float16", "int8"] = Field(
        "auto",
        description="Weights of BERT: auto is float16 on CUDA and int8 on a CPU, where most of the "
        "voice's flow is int8 too. The rest of the voice is always float32",
    )
    voices_dir: Path | None = Field(
        None, description="Folder with voices and BERTs by hand, one folder each; see docs/melotts"
    )
    voice: str | None = Field(
        None,
        min_length=1,
        description="Voice of requests that name none; by default the first one on disk, or ZH",
    )
    preload: CommaSeparated = Field(
        (), description="Voices to load at start besides the default one, with commas between"
    )
    min_free_memory_mb: int = Field(
        500,
        ge=0,
        le=1_000_000,
        description="Before a voice loads, the least recently used leave until this much is free",
    )
    text_normalization: Literal["home", "upstream"] = Field(
        "home",
        description="home speaks numbers, units, times and ids as people do; upstream reads text "
        "exactly as MeloTTS does",
    )
    home: Path | None = Field(
        None,
        description="home.yaml whose `readings` say how names are pronounced; see docs/home",
    )
    max_text_length: int = Field(
        10_000, ge=1, le=1_000_000, description="Longest text of one request, characters"
    )
    reading_seconds: float = Field(
        5.0,
        gt=0,
        le=3600,
        description="Most CPU time for reading the text of one request, from letters to phones; "
        "the rest is read plainly: numbers and units as MeloTTS reads them",
    )
    speed: float = Field(1.0, ge=0.1, le=10, description="How fast voices speak")
    sdp_ratio: float = Field(
        0.2, ge=0, le=1, description="Share of the stochastic duration predictor in the rhythm"
    )
    noise_scale: float = Field(0.6, ge=0, le=2, description="Variation of the voice")
    noise_scale_w: float = Field(0.8, ge=0, le=2, description="Variation of the rhythm")
    seed: int = Field(
        0, ge=-1, le=2**31, description="A text sounds the same for a seed; -1 varies each time"
    )
    sample_rate_hz: int = Field(
        44_100, ge=8_000, le=96_000, description="Rate of the audio; the voices' own is 44100"
    )
    sentence_silence_ms: int = Field(
        50, ge=0, le=10_000, description="Silence after each sentence, at speed 1"
    )
    silence_after_seconds: float = Field(
        3.0,
        ge=0,
        le=60,
        description="A streamed answer that pauses this long sends a little silence, since some "
        "players stop where nothing comes for 5 s; 0 turns it off",
    )
    cache_mb: int = Field(
        32, ge=0, le=100_000, description="Memory for audio of recent sentences; 0 turns it off"
    )

    @property
    def parallel_speeches(self) -> int:
        """How many speeches are computed side by side on a CPU."""
        cores = self.threads or available_cores()
        return max(1, min(_MOST_PARALLEL_SPEECHES, cores // _CORES_PER_SPEECH))

    def command(self, words: str = "", **changes: str) -> str:
        """A command line that says where models are as this one did, with some settings changed."""
        return repeated_command(self, ("cache_dir", "hub", "voices_dir"), words, **changes)

    @field_validator("preload", mode="before")
    @classmethod
    def _split_preload(cls, value: object) -> object:
        return split_commas(value)
