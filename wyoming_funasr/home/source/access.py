"""How to reach Home Assistant: an address and a token, from the settings or the Supervisor."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from wyoming_funasr.home.source.errors import HomeAssistantError
from wyoming_funasr.settings import FunasrSettings

SUPERVISOR_URL = "ws://supervisor/core/websocket"
"""Home Assistant as an add-on reaches it, with the token that the Supervisor gives to it."""

_PATH = "/api/websocket"


@dataclass(frozen=True)
class Access:
    """Address of the WebSocket API, and the token or the file that holds it."""

    url: str
    token: str | None = field(default=None, repr=False)
    token_file: Path | None = None

    @property
    def host(self) -> str:
        """The address for log lines: the host, and the port where it has one."""
        return urlsplit(self.url).netloc

    def read_token(self) -> str:
        """Read the token now: a file may hold another one than before.

        Raises:
            HomeAssistantError: the file cannot be read or is empty.
        """
        if self.token_file is None:
            return self.token or ""
        try:
            token = self.token_file.expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise HomeAssistantError(
                f"the token file {self.token_file} cannot be read: {reason}"
            ) from None
        if not token or not token.isascii() or not token.isprintable():
            raise HomeAssistantError(f"the token file {self.token_file} holds no token")
        return token


def access_from(settings: FunasrSettings, environment: Mapping[str, str]) -> Access | None:
    """What the settings tell, else what the Supervisor gives to an add-on; None without either."""
    if settings.home_assistant_url is not None:
        token = settings.home_assistant_token
        return Access(
            websocket_url(settings.home_assistant_url),
            token.get_secret_value() if token else None,
            settings.home_assistant_token_file,
        )
    supervisor_token = environment.get("SUPERVISOR_TOKEN")
    return Access(SUPERVISOR_URL, supervisor_token) if supervisor_token else None


def websocket_url(url: str) -> str:
    """The WebSocket API's address for the one at which people open Home Assistant."""
    scheme, _, rest = url.partition("://")
    if scheme in ("ws", "wss"):
        return url
    secure = "s" if scheme == "https" else ""
    return f"ws{secure}://{rest.rstrip('/').removesuffix(_PATH)}{_PATH}"
