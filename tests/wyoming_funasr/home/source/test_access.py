"""How Home Assistant is reached, and that nobody sees the token."""

from argparse import ArgumentParser
from pathlib import Path

import pytest

from wyoming_funasr.home.source.access import SUPERVISOR_URL, Access, access_from, websocket_url
from wyoming_funasr.home.source.errors import HomeAssistantError
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.settings import SettingsError

TOKEN = "long-lived-token-0123456789"
URL = "http://homeassistant.local:8123"


def load(*words: str) -> FunasrSettings:
    parser = ArgumentParser()
    FunasrSettings.add_arguments(parser)
    return FunasrSettings.load(parser.parse_args(words))


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (URL, "ws://homeassistant.local:8123/api/websocket"),
        (f"{URL}/", "ws://homeassistant.local:8123/api/websocket"),
        ("https://home.example", "wss://home.example/api/websocket"),
        ("https://home.example/ha", "wss://home.example/ha/api/websocket"),
        ("http://[fd00::2]:8123/api/websocket", "ws://[fd00::2]:8123/api/websocket"),
        ("ws://supervisor/core/websocket", "ws://supervisor/core/websocket"),
    ],
)
def test_the_address_of_the_websocket_api(url: str, address: str) -> None:
    assert websocket_url(url) == address


def test_a_token_from_the_settings() -> None:
    access = access_from(load("--home-assistant-url", URL, "--home-assistant-token", TOKEN), {})
    assert access is not None
    assert (access.read_token(), access.host) == (TOKEN, "homeassistant.local:8123")


def test_a_token_from_a_file_is_read_each_time(tmp_path: Path) -> None:
    file = tmp_path / "token"
    access = access_from(
        load("--home-assistant-url", URL, "--home-assistant-token-file", str(file)), {}
    )
    assert access is not None
    with pytest.raises(HomeAssistantError, match="cannot be read: No such file"):
        access.read_token()
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(HomeAssistantError, match="cannot be read: it is not text"):
        access.read_token()
    file.write_text("\n")
    with pytest.raises(HomeAssistantError, match="holds no token"):
        access.read_token()
    for token in (TOKEN, "another"):
        file.write_text(f"{token}\n")
        assert access.read_token() == token


def test_an_add_on_uses_what_the_supervisor_gives() -> None:
    assert access_from(load(), {"SUPERVISOR_TOKEN": "given"}) == Access(SUPERVISOR_URL, "given")
    told = load("--home-assistant-url", URL, "--home-assistant-token", TOKEN)
    access = access_from(told, {"SUPERVISOR_TOKEN": "given"})
    assert access is not None and access.read_token() == TOKEN
    assert access_from(load(), {}) is None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--home-assistant-url", URL), "home_assistant_url needs home_assistant_token or"),
        (("--home-assistant-token", TOKEN), "needs home_assistant_url"),
        (
            ("--home-assistant-url", URL, "--home-assistant-token", TOKEN,
             "--home-assistant-token-file", "token"),
            "one of them",
        ),
        (("--home-assistant-url", "homeassistant.local"), "is not allowed; allowed: http://HOST"),
        (("--home-assistant-url", "http://:8123"), "is not allowed"),
        (("--home-assistant-url", "http://host:port"), "is not allowed"),
        (("--home-assistant-url", "http://user:word@host"), "is not allowed"),
        (("--home-assistant-url", "ftp://host"), "is not allowed"),
    ],
)  # fmt: skip
def test_wrong_settings_are_one_line(words: tuple[str, ...], says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(*words)
    assert says in str(caught.value)
    assert TOKEN not in str(caught.value) and "\n" not in str(caught.value)


def test_a_token_of_the_wrong_type_is_not_repeated(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(f"home_assistant_url: {URL}\nhome_assistant_token: 4711471147114711\n")
    with pytest.raises(SettingsError, match="TOKEN: what was given is not") as caught:
        load("--config", str(file))
    assert "4711" not in str(caught.value)


def test_the_token_is_not_shown() -> None:
    settings = load("--home-assistant-url", URL, "--home-assistant-token", TOKEN)
    assert TOKEN not in repr(settings) + str(settings) + settings.model_dump_json()
    assert TOKEN not in repr(access_from(settings, {}))
