"""Who may use the HTTP API: bearer tokens, the pages of browsers, and networks."""

import hmac
import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import SplitResult, urlsplit

from aiohttp import web

from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.excerpts import excerpt
from wyoming_serving.network.admission import Admission, IPAddress, client_address
from wyoming_serving.settings import Settings

BEARER_PROTOCOL = "bearer."
"""Begins the subprotocol in which a browser's WebSocket, which sets no headers, has its token."""

_TOKEN = re.compile(r"[A-Za-z0-9._~+-]{16,512}")
"""What is both a bearer token (RFC 6750) and part of a subprotocol's name (RFC 6455), and too long
to guess."""

_METHODS = "GET, POST, DELETE"
_HEADERS = "Authorization, Content-Type"
_PREFLIGHT_SECONDS = "600"


@dataclass(frozen=True)
class Access:
    """The rules for every path but health, status and metrics."""

    admission: Admission
    tokens: tuple[str, ...] = ()
    """One of them is asked for; without any, only what this machine's programs ask is answered."""
    is_open: bool = False
    """Whether nobody is asked for a token."""
    is_local: bool = True
    """Whether only this machine reaches the port."""
    origins: frozenset[str] = frozenset()
    """Pages of other hosts that may ask, as `https://home.example:8123`."""
    proxy: IPAddress | None = None
    """Another machine that has asked its users who they are and guards them from pages of others,
    as Home Assistant's ingress does: what comes from it is let through."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Returns the rules that the settings ask for.

        Raises:
            ServiceError: `token-file-invalid`.
        """
        file, proxy = settings.http_token_file, settings.http_trusted_proxy
        return cls(
            admission=Admission.from_settings(settings),
            tokens=read_tokens(file) if file is not None else (),
            is_open=settings.http_open,
            is_local=is_this_machine(settings.http_host),
            origins=frozenset(settings.http_origins),
            proxy=ipaddress.ip_address(proxy) if proxy is not None else None,
        )

    @property
    def is_closed(self) -> bool:
        """Whether nobody is answered, but for a proxy."""
        return not (self.tokens or self.is_open or self.is_local)

    def check(self, request: web.Request) -> None:
        """Let a request through.

        Raises:
            ServiceError: `address-refused`, `api-closed`, `origin-refused` or `token-refused`.
        """
        if self._is_from_proxy(request):
            return
        self.check_reach(request)
        self._check_origin(request)
        if self.tokens and not self.is_open:
            self._check_token(request)

    def check_reach(self, request: web.Request) -> None:
        """Let a request through for what holds no secret: the page, which asks for the token.

        Raises:
            ServiceError: `address-refused` or `api-closed`.
        """
        if self._is_from_proxy(request):
            return
        self.admission.check_network(_address(request))
        if self.is_closed:
            raise ServiceError(
                ErrorCode.API_CLOSED,
                "other hosts reach this port: set http_token_file, or http_open to let all in",
            )

    def allows_origin(self, request: web.Request) -> bool:
        """Whether a page of another host asks that may."""
        return request.headers.get("Origin") in self.origins

    def preflight(self, request: web.Request) -> web.Response | None:
        """Returns the answer to a browser that asks whether a page may ask, None to all else."""
        is_preflight = request.method == "OPTIONS" and (
            "Access-Control-Request-Method" in request.headers
        )
        if not is_preflight or not self.allows_origin(request):
            return None
        headers = {
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": _HEADERS,
            "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
        }
        return web.Response(status=204, headers=headers)

    def _is_from_proxy(self, request: web.Request) -> bool:
        return self.proxy is not None and _address(request) == self.proxy

    def _check_origin(self, request: web.Request) -> None:
        """Refuse pages of other hosts, and, where no token is asked for, names that were made to
        lead to this machine (DNS rebinding)."""
        origin, host = request.headers.get("Origin"), request.headers.get("Host", "")
        if origin is not None and origin not in self.origins and _split(origin).netloc != host:
            raise ServiceError(
                ErrorCode.ORIGIN_REFUSED, f"{excerpt(origin)} is not in http_origins"
            )
        if not self.tokens and not self.is_open and host and not is_this_machine(_name(host)):
            raise ServiceError(
                ErrorCode.ORIGIN_REFUSED,
                f"host {excerpt(host)}: without http_token_file only localhost is answered",
            )

    def _check_token(self, request: web.Request) -> None:
        token = _given_token(request)
        # every token is compared, in a time that does not depend on how much of it is right
        given = token.encode(errors="surrogateescape")  # as the header's bytes were decoded
        matches = [hmac.compare_digest(given, known.encode()) for known in self.tokens]
        if not any(matches):
            told = "the bearer token is not known" if token else "a bearer token is needed"
            raise ServiceError(ErrorCode.TOKEN_REFUSED, told)


def read_tokens(file: Path) -> tuple[str, ...]:
    """Returns the tokens of a file: one a line, `#` begins a comment.

    Raises:
        ServiceError: `token-file-invalid`.
    """
    try:
        lines = file.expanduser().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise _invalid(file, f"cannot be read: {reason}") from None
    given = [line.partition("#")[0].strip() for line in lines]
    for number, token in enumerate(given, start=1):
        if token and not _TOKEN.fullmatch(token):  # which is not shown: it is a secret
            raise _invalid(
                file, f"line {number}: a token has 16 to 512 letters, digits and any of -._~+"
            )
    tokens = tuple(dict.fromkeys(token for token in given if token))
    if not tokens:
        raise _invalid(file, "holds no token")
    return tokens


def offered_protocols(request: web.Request) -> list[str]:
    """Returns the subprotocols that a WebSocket's client offers."""
    offered = ",".join(request.headers.getall("Sec-WebSocket-Protocol", ()))
    return [name for name in (part.strip() for part in offered.split(",")) if name]


def is_this_machine(host: str) -> bool:
    """Whether a host name or address leads to the machine itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _address(request: web.Request) -> IPAddress | None:
    """Returns where a request's client is, None for this machine."""
    transport = request.transport
    return client_address(transport.get_extra_info("peername")) if transport else None


def _given_token(request: web.Request) -> str:
    """Returns the token of a request, empty where it has none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    offered = offered_protocols(request)
    named = (name for name in offered if name.startswith(BEARER_PROTOCOL))
    return next(named, "").removeprefix(BEARER_PROTOCOL)


def _name(host: str) -> str:
    """Returns the name in a `Host` header, without the port and an IPv6 address's brackets."""
    return _split(f"//{host}").hostname or ""


def _split(url: str) -> SplitResult:
    """Returns the parts of a URL; of one that is none, no parts."""
    try:
        return urlsplit(url)
    except ValueError:  # a bracket that is not closed
        return urlsplit("")


def _invalid(file: Path, text: str) -> ServiceError:
    return ServiceError(ErrorCode.TOKEN_FILE_INVALID, f"http_token_file {file}: {text}")
