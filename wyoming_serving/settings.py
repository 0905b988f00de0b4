"""Settings: one declaration per setting, read from four places.

The command line overrides the environment, the environment overrides a YAML file, and the file
overrides the defaults. Each setting is one pydantic field: its name is the YAML key, `--its-name`
the flag and `PREFIX_ITS_NAME` the environment variable.
"""

import argparse
import difflib
import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from wyoming_serving.setting_fields import (
    allowed_values,
    help_text,
    is_secret,
    metavar,
)

Uri = Annotated[
    str,
    Field(
        pattern=r"^(tcp://.+:\d+|unix://.+|stdio://)$",
        description="Where to listen. 0.0.0.0 stands for every address of the host, IPv4 and IPv6",
        json_schema_extra={"allowed": "tcp://HOST:PORT, unix://PATH, stdio://"},
    ),
]
"""The address of a service; each one sets its own default."""

Device = Annotated[str, Field(pattern=r"^(auto|cpu|cuda|cuda:\d+)$")]
ALLOWED_DEVICES = "auto, cpu, cuda, cuda:N"


CommaSeparated = Annotated[tuple[str, ...], NoDecode]
"""A list setting: a YAML list, or one string with commas; see `split_commas`."""


def split_commas(value: object) -> object:
    """Turn `a, b` into `("a", "b")`; anything but a string passes through."""
    if isinstance(value, str):
        return tuple(part for part in (piece.strip() for piece in value.split(",")) if part)
    return value


def _checked_networks(networks: tuple[str, ...]) -> tuple[str, ...]:
    for network in networks:
        ipaddress.ip_network(network, strict=False)  # raises ValueError
    return networks


def _checked_address(address: str) -> str:
    return str(ipaddress.ip_address(address))  # raises ValueError


def _checked_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    for origin in origins:
        parts = urlsplit(origin)
        if not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}":
            raise ValueError(origin)
    return origins


def _checked_collector(url: str) -> str:
    parts = urlsplit(url)  # raises ValueError, as `port` does
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError(url)
    return url


class SettingsError(Exception):
    """One line that names the setting, its value and what is allowed."""


class Settings(BaseSettings):
    """What every service of this project can be told."""

    model_config = SettingsConfigDict(extra="forbid", env_ignore_empty=True)

    uri: Uri = "tcp://0.0.0.0:0"
    zeroconf: bool = Field(True, description="Advertise a tcp service on the local network")
    zeroconf_name: str | None = Field(
        None, description="Instance name to advertise; by default made from the host's name"
    )
    zeroconf_interfaces: Annotated[CommaSeparated, BeforeValidator(split_commas)] = Field(
        (),
        description="Network interfaces, or addresses, to advertise; by default those that have "
        "a cable, radio or default route, but no bridge of containers and no VPN",
    )
    allowed_networks: Annotated[
        CommaSeparated, BeforeValidator(split_commas), AfterValidator(_checked_networks)
    ] = Field(
        (),
        description="Networks from which clients may connect, beside this machine; empty is all",
        json_schema_extra={"allowed": "networks as 192.168.1.0/24 or fd00::/8, commas between"},
    )
    device: Device = Field(
        "auto",
        description="Where models run; auto takes CUDA when it works",
        json_schema_extra={"allowed": ALLOWED_DEVICES},
    )
    precision: Literal["auto", "float32", "float16", "int8"] = Field(
        "auto", description="Weights: auto is float16 on CUDA and int8 on a CPU"
    )
    threads: int = Field(
        0, ge=0, le=256, description="CPU threads per model; 0 chooses by the number of cores"
    )
    hub: Literal["modelscope", "hf"] = Field(
        "modelscope", description="Where models are downloaded from"
    )
    offline: bool = Field(False, description="Never download; use what is on disk")
    hub_seconds: float = Field(
        60.0, gt=0, le=3600, description="A download of which nothing arrives this long is given up"
    )
    cache_dir: Path = Field(
        Path("~/.cache/wyoming-speech"), description="Folder for downloaded models"
    )
    max_queue: int = Field(32, ge=1, le=10_000, description="Requests that may wait for the device")
    max_wait_seconds: float = Field(
        20.0, gt=0, le=3600, description="Longest expected wait; beyond it a request is refused"
    )
    load_wait_seconds: float = Field(
        120.0, gt=0, le=3600, description="How long a request waits for the model to load"
    )
    idle_seconds: float = Field(
        300.0,
        gt=0,
        le=86_400,
        description="A connection that sends nothing this long, while no answer is on its way, "
        "is closed",
    )
    send_seconds: float = Field(
        30.0,
        gt=0,
        le=3600,
        description="A client that does not take an event of its answer in this time is dropped",
    )
    drain_seconds: float = Field(
        10.0, ge=0, le=3600, description="Time for running requests to finish after SIGTERM"
    )
    max_connections: int = Field(512, ge=1, le=100_000, description="Connections at one time")
    max_connections_per_address: int = Field(
        128,
        ge=1,
        le=100_000,
        description="Connections at one time from one address; this machine's own are not counted",
    )
    max_data_bytes: int = Field(
        128 << 10, ge=4096, le=16 << 20, description="Longest JSON data of one event"
    )
    max_payload_bytes: int = Field(
        8 << 20, ge=4096, le=1 << 30, description="Largest payload of one event"
    )
    job_seconds: float = Field(
        60.0, gt=0, le=3600, description="Longest run of one batch; beyond it its requests fail"
    )
    canary_seconds: float = Field(
        60.0,
        ge=0,
        le=86_400,
        description="Idle time after which a small job of the service's own tests the engine; 0 is "
        "never",
    )
    restart_seconds: float = Field(
        30.0,
        ge=0,
        le=3600,
        description="An engine that has not answered for so long ends the process, so that its "
        "supervisor starts it again; 0 is never",
    )
    http_port: int = Field(
        0,
        ge=0,
        le=65_535,
        description="HTTP port of the API, health, status and metrics; 0 is none",
    )
    http_host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="Address of the HTTP port; 0.0.0.0 stands for every address of the host. "
        "Health, status and metrics ask for no token",
    )
    http_token_file: Path | None = Field(
        None,
        description="File with the bearer tokens that the HTTP API takes, one a line; on a host "
        "other than this machine the API is closed without",
    )
    http_open: bool = Field(
        False, description="Let everybody who reaches the HTTP port use its API, without a token"
    )
    http_origins: Annotated[
        CommaSeparated, BeforeValidator(split_commas), AfterValidator(_checked_origins)
    ] = Field(
        (),
        description="Web pages of other hosts that may use the HTTP API from a browser",
        json_schema_extra={"allowed": "origins as https://home.example:8123, commas between"},
    )
    http_trusted_proxy: Annotated[str, AfterValidator(_checked_address)] | None = Field(
        None,
        description="Address of another machine's reverse proxy that knows its users: what comes "
        "from it needs no token. In an add-on it is the Supervisor's",
        json_schema_extra={"allowed": "an IP address"},
    )
    http_show_texts: bool = Field(
        False, description="Show on the page what was said in the latest requests"
    )
    http_connections: int = Field(64, ge=1, le=10_000, description="HTTP connections at one time")
    http_connections_per_address: int = Field(
        32,
        ge=1,
        le=10_000,
        description="HTTP connections at one time from one address; this machine's own are not "
        "counted",
    )
    http_sessions: int = Field(
        32,
        ge=1,
        le=10_000,
        description="Sessions over the WebSocket of agents at one time",
    )
    http_silent_seconds: float = Field(
        30.0,
        gt=0,
        le=3600,
        description="An HTTP connection that sends no request, or does not take its answer, for "
        "so long is closed",
    )
    http_ping_seconds: float = Field(
        20.0,
        gt=0,
        le=3600,
        description="A WebSocket's client that sends nothing for so long is pinged, and its "
        "connection closed if it sends nothing for as long again",
    )
    otlp_endpoint: Annotated[str, AfterValidator(_checked_collector)] | None = Field(
        None,
        description="Collector of OpenTelemetry that the spans of requests are sent to, over HTTP; "
        "needs the extra tracing",
        json_schema_extra={"allowed": "a URL as http://collector:4318"},
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much is logged"
    )
    log_format: Literal["text", "json"] = Field("text", description="Format of log lines")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)  # `load` merges what the places say

    @classmethod
    def load(cls, command_line: argparse.Namespace) -> Self:
        """Read all places; `command_line` comes from a parser that `add_arguments` filled.

        Raises:
            SettingsError: one value is wrong.
        """
        given = vars(command_line)  # has more than settings: commands, and their arguments
        wanted = {*cls.model_fields, "config"}
        return cls.named(**{name: value for name, value in given.items() if name in wanted})

    @classmethod
    def named(cls, **settings: object) -> Self:
        """Read all places; settings by their names, and `config`, stand for the command line.

        Raises:
            SettingsError: there is no such setting, or one value is wrong.
        """
        file = settings.pop("config", None) or os.environ.get(f"{cls.prefix()}CONFIG")
        in_file = _read_yaml(Path(str(file))) if file else {}
        try:
            return cls(**(in_file | EnvSettingsSource(cls)() | settings))
        except ValidationError as error:
            raise SettingsError(_explain(cls, error.errors()[0])) from None

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser, *, listed: bool = True) -> None:
        """Add one flag per setting, and `--config FILE`, to a parser.

        With `listed=False` they work but `--help` only mentions them: for commands, as the main
        parser lists them.
        """
        if not listed:
            parser.epilog = "All settings work here, too; `--help` without a command lists them."
        # absent unless given: a command's parser must not reset what stood before the command
        absent = argparse.SUPPRESS
        parser.add_argument(
            "--config", metavar="FILE", default=absent,
            help="YAML file with settings" if listed else argparse.SUPPRESS,
        )  # fmt: skip
        for name, field in cls.model_fields.items():
            shown = help_text(field) if listed else argparse.SUPPRESS
            options: dict[str, Any] = {"dest": name, "default": absent, "help": shown}
            if field.annotation is bool:
                options["action"] = argparse.BooleanOptionalAction
            else:
                options["metavar"] = metavar(field)
            parser.add_argument(f"--{name.replace('_', '-')}", **options)

    @classmethod
    def prefix(cls) -> str:
        """Returns what the environment variables begin with, as `FUNASR_`."""
        return cls.model_config["env_prefix"]

    @classmethod
    def unknown_variables(cls, environment: Mapping[str, str]) -> list[str]:
        """Returns one line for each variable that looks like a setting and is none."""
        known = [name.upper() for name in ("config", *cls.model_fields)]
        lines = []
        for variable in sorted(environment):
            name = variable.upper().removeprefix(cls.prefix())
            if name == variable.upper() or name in known or _OF_KUBERNETES.fullmatch(name):
                continue
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {cls.prefix()}{near[0]}?" if near else "see --help"
            lines.append(f"{variable}: there is no such setting; {hint}")
        return lines


_OF_KUBERNETES = re.compile(r"SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP)(_\w+)?)?")
"""What Kubernetes sets in every pod for a service named `funasr`: FUNASR_SERVICE_HOST,
FUNASR_PORT_10300_TCP_ADDR and so on."""


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"config {file}: cannot be read ({error.strerror})") from None
    except yaml.YAMLError as error:
        raise SettingsError(
            f"config {file}: is not YAML ({' '.join(str(error).split())})"
        ) from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(f"config {file}: must hold `setting: value` lines")
    return {str(key): value for key, value in content.items()}


def _explain(cls: type[Settings], error: ErrorDetails) -> str:
    if not error["loc"]:  # settings that do not go together
        return error["msg"].removeprefix("Value error, ")
    name = str(error["loc"][0])
    field = cls.model_fields.get(name)
    if field is None:
        return f"{name}: there is no such setting; allowed: {', '.join(cls.model_fields)}"
    prefix = cls.prefix()
    names = f"--{name.replace('_', '-')} / {prefix}{name.upper()}"
    value = "what was given" if is_secret(field) else repr(error["input"])
    return f"{names}: {value} is not allowed; allowed: {allowed_values(field)}"
