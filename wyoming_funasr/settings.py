"""Everything the speech-to-text service can be told."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from wyoming_serving.ray.settings import EngineSettings
from wyoming_serving.repeated_command import repeated_command
from wyoming_serving.settings import CommaSeparated, Uri, split_commas

Language = Literal["zh", "en", "yue", "ja", "ko"]
LanguageList = Annotated[tuple[Language, ...], NoDecode]

EventKind = Literal["bgm", "applause", "laughter", "cry", "sneeze", "breath", "cough"]
EventList = Annotated[tuple[EventKind, ...], NoDecode]
"""Sounds that SenseVoice tells from speech."""

ChineseScript = Literal["auto", "simplified", "traditional", "taiwan", "hongkong"]

MOST_MODELS = 4
"""Each takes memory of its own."""


def _checked_url(url: str) -> str:
    parts = urlsplit(url)  # raises ValueError, as `port` does
    if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname or parts.port == 0:
        raise ValueError("no address of Home Assistant")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("a token does not belong into the address")
    return url


def _checked_topic(topic: str) -> str:
    if topic[0] in "/$" or topic[-1] == "/" or set(topic) & set("+#") or not topic.isprintable():
        raise ValueError("no topic to publish to")
    return topic


class FunasrSettings(EngineSettings):
    """Settings of `wyoming-funasr`; the first names are older than this project."""

    model_config = SettingsConfigDict(env_prefix="FUNASR_")

    uri: Uri = "tcp://0.0.0.0:10300"
    model_dir: CommaSeparated = Field(
        ("SenseVoiceSmall",),
        min_length=1,
        max_length=MOST_MODELS,
        description="Model: a name, a folder, or an id on the hub; or up to four with commas "
        "between, of which the first answers who asks for none",
        json_schema_extra={
            "allowed": "one to four of: SenseVoiceSmall, paraformer-zh, paraformer-zh-streaming, "
            "demo, a folder, a hub id (owner/name)"
        },
    )
    models_dir: Path | None = Field(
        None,
        description="Folder with more models, one folder each: clients may ask for them by name, "
        "and each is loaded when it is first wanted; see docs/models",
    )
    language: Literal["auto", "zh", "en", "yue", "ja", "ko"] = Field(
        "auto", description="Language of requests that name none"
    )
    languages: LanguageList = Field(
        (),
        description="Languages spoken here, with commas between; auto means one of them",
        json_schema_extra={"allowed": "any of zh, en, yue, ja, ko"},
    )
    use_itn: bool = Field(
        True, description="Write punctuation and numbers as digits (inverse text normalization)"
    )
    max_segment_time: int = Field(
        30_000, ge=1_000, le=60_000, description="Longest segment recognized at once, milliseconds"
    )
    use_external_vad: bool = Field(
        True, description="Find speech with Silero; off: with FunASR's own fsmn-vad"
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
    home: Path | None = Field(
        None, description="home.yaml: names and sentences of the home (docs/home.md)"
    )
    home_assistant_url: Annotated[str, AfterValidator(_checked_url)] | None = Field(
        None,
        description="Home Assistant, whose names and sentences are listened for; an add-on finds "
        "its own",
        json_schema_extra={"allowed": "http://HOST:PORT, https://HOST:PORT, or a ws:// address"},
    )
    home_assistant_token: SecretStr | None = Field(
        None, description="Long-lived access token of an administrator of Home Assistant"
    )
    home_assistant_token_file: Path | None = Field(
        None, description="File that holds the token; on a command line others can read the token"
    )
    home_assistant_wait_seconds: float = Field(
        30.0, gt=0, le=600, description="Longest wait for one answer of Home Assistant"
    )
    mqtt_host: str | None = Field(
        None, description="MQTT broker that is told of each transcript; empty turns it off"
    )
    mqtt_port: int = Field(1883, ge=1, le=65_535, description="Port of the MQTT broker")
    mqtt_username: str | None = Field(None, description="Name of a user of the MQTT broker")
    mqtt_password: SecretStr | None = Field(
        None, description="The user's password; on a command line others can read it"
    )
    mqtt_password_file: Path | None = Field(None, description="File that holds the password")
    mqtt_tls: bool = Field(
        False, description="Encrypt the connection to the MQTT broker, often at port 8883"
    )
    mqtt_topic: (
        Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_checked_topic)] | None
    ) = Field(
        None,
        description="Topic below which is published; wyoming-funasr/NAME where there is none",
        json_schema_extra={"allowed": "words with / between, without + and #"},
    )
    mqtt_texts: bool = Field(
        False, description="Publish what was said, too; without, only how it sounded and when"
    )
    mqtt_wait_seconds: float = Field(
        10.0, gt=0, le=600, description="Longest wait for one answer of the MQTT broker"
    )
    min_confidence: float = Field(
        0, ge=0, le=1, description="Less sure text is answered as empty text; 0 turns it off"
    )
    ignored_events: EventList = Field(
        (),
        description="Kinds of sound that are answered as empty text, with commas between",
        json_schema_extra={"allowed": "any of bgm, applause, laughter, cry, sneeze, breath, cough"},
    )
    endpointing: bool = Field(
        True, description="Find the end of speech here, and answer before audio-stop"
    )
    endpoint_silence_ms: int = Field(
        500,
        ge=100,
        le=5_000,
        description="Silence that ends an utterance, milliseconds; a bound of those below",
    )
    endpoint_silence_relaxed_ms: int = Field(
        800, ge=100, le=5_000, description="The same, for clients that ask for relaxed detection"
    )
    endpoint_silence_aggressive_ms: int = Field(
        300, ge=100, le=5_000, description="The same, for clients that ask for aggressive detection"
    )
    endpoint_silence_unfinished_ms: int = Field(
        1_000, ge=100, le=5_000, description="The same, behind a text that breaks off (… the, 把)"
    )
    endpoint_silence_complete_ms: int = Field(
        300, ge=100, le=5_000, description="The same, behind a whole command"
    )
    endpoint_silence_unplaced_ms: int = Field(
        700, ge=100, le=5_000, description="The same, behind what is no command"
    )
    no_speech_seconds: float = Field(
        10.0, gt=0, le=600, description="With endpointing: audio without speech that ends a request"
    )
    speculation_silence_ms: int = Field(
        200, ge=0, le=2_000, description="Pause in which recognition begins ahead; 0 turns it off"
    )
    partial_transcripts: bool = Field(
        False, description="Send the text so far while a person speaks; costs CPU or GPU time"
    )
    partial_interval_ms: int = Field(
        300, ge=100, le=10_000, description="Audio between two partial transcripts"
    )
    partial_window_seconds: float = Field(
        15.0, gt=0, le=60, description="Partial transcripts cover the utterance up to here"
    )
    voice_events: bool = Field(False, description="Send voice-started and voice-stopped")
    max_utterance_seconds: float = Field(
        30.0, gt=0, le=600, description="Longest utterance; it is recognized up to there"
    )
    max_request_seconds: float = Field(
        300.0, gt=0, le=86_400, description="Longest time from a request's start to its audio-stop"
    )
    max_listen_seconds: float = Field(
        14_400.0,
        gt=0,
        le=604_800,
        description="Longest session of a client that listens over a WebSocket",
    )
    max_batch: int = Field(8, ge=1, le=256, description="Utterances recognized at once")
    max_batch_seconds: float = Field(
        0,
        ge=0,
        le=3600,
        description="Audio in one batch, with its padding; 0 is 60 on a GPU, 5 on a CPU",
    )
    http_max_upload_bytes: int = Field(
        512 << 20,
        ge=4096,
        le=8 << 30,
        description="Largest audio file that the HTTP API takes; it is kept in cache_dir meanwhile",
    )
    http_max_uploads: int = Field(
        8,
        ge=1,
        le=1000,
        description="Audio files that are received and recognized at one time; further ones wait",
    )

    @property
    def knows_home(self) -> bool:
        """Whether there is a home to be known."""
        return self.home is not None or self.home_assistant_url is not None

    @property
    def home_languages(self) -> tuple[str, ...]:
        """Languages in which a home is known from the start; others follow when they are spoken."""
        if self.languages or self.language != "auto":
            return self.languages or (self.language,)
        return ("zh", "en")

    @property
    def default_model(self) -> str:
        """The model of who asks for none."""
        return self.model_dir[0]

    def command(self, words: str = "", **changes: str) -> str:
        """A command line that says where models are as this one did, with some settings changed."""
        return repeated_command(self, ("cache_dir", "hub"), words, **changes)

    @field_validator("model_dir", "hotwords", "languages", "ignored_events", mode="before")
    @classmethod
    def _split_lists(cls, value: object) -> object:
        return split_commas(value)

    @model_validator(mode="after")
    def _check_engine(self) -> Self:
        if self.engine == "ray" and len(self.model_dir) > 1:
            raise ValueError("model_dir: several models need engine in-process")
        if self.engine == "ray" and self.models_dir is not None:
            raise ValueError("models_dir needs engine in-process")
        return self

    @model_validator(mode="after")
    def _check_home_assistant(self) -> Self:
        tokens = (self.home_assistant_token, self.home_assistant_token_file)
        given = sum(token is not None for token in tokens)
        names = "home_assistant_token or home_assistant_token_file"
        if self.home_assistant_url is not None and given != 1:
            raise ValueError(f"home_assistant_url needs {names}, one of them")
        if self.home_assistant_url is None and given:
            raise ValueError(f"{names} needs home_assistant_url")
        return self

    @model_validator(mode="after")
    def _check_mqtt(self) -> Self:
        passwords = (self.mqtt_password, self.mqtt_password_file)
        given = sum(password is not None for password in passwords)
        if given > 1:
            raise ValueError("mqtt_password or mqtt_password_file, one of them")
        if given and self.mqtt_username is None:
            raise ValueError("mqtt_password and mqtt_password_file need mqtt_username")
        return self
