"""A service's page, as it is and behind Home Assistant's ingress."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.browser import Browser, chromium
from tests.support.ingress import SUPERVISOR, ingress
from tests.support.threads import in_thread
from wyoming_serving.http.page.files import SHELF
from wyoming_serving.service import Service, running

TOKEN = "0123456789abcdef-page"


@dataclass(frozen=True)
class Pages:
    """Where the page is."""

    url: str
    ingress_url: str


def access_words(folder: Path, port: int) -> list[str]:
    """Settings of a service that asks all but its ingress for the token."""
    tokens = folder / "tokens"
    tokens.write_text(TOKEN, encoding="utf-8")
    return [
        "--http-port", str(port), "--http-token-file", str(tokens),
        "--http-trusted-proxy", SUPERVISOR, "--http-show-texts",
    ]  # fmt: skip


@contextmanager
def served(service: Service) -> Iterator[Pages]:
    """Run a service and its ingress, in a thread of their own."""

    @asynccontextmanager
    async def run() -> AsyncIterator[Pages]:
        url = f"http://127.0.0.1:{service.settings.http_port}"
        async with running(service), ingress(url) as ingress_url:
            yield Pages(f"{url}/", ingress_url)

    with in_thread(run()) as pages:
        yield pages


@contextmanager
def window_for(
    request: pytest.FixtureRequest, folder: Path, microphone: Path | None = None
) -> Iterator[Browser]:
    """A browser for all tests of a module, as starting one takes seconds."""
    pictures = bool(request.config.getoption("--write-pictures"))
    with chromium(folder, microphone=microphone, writes_pictures=pictures) as browser:
        yield browser


def untranslated(own_shelf: Path | None) -> set[str]:
    """The English texts of a page that have no Chinese one."""
    assert own_shelf is not None
    chinese, wanted = "", set[str]()
    for path in (*SHELF.iterdir(), *own_shelf.iterdir()):
        text = path.read_text(encoding="utf-8")
        if path.name in ("zh.js", "service.zh.js"):
            chinese += text
        elif path.suffix == ".html":
            wanted |= {" ".join(one.split()) for one in re.findall(r"data-t[^>]*>([^<]+)<", text)}
        elif path.suffix == ".js":
            wanted |= {json.loads(one) for one in re.findall(r'\bt\(("(?:[^"\\]|\\.)*")', text)}
    return {text for text in wanted if not re.search(rf'^  "{re.escape(text)}":', chinese, re.M)}


NAMELESS_CONTROLS = """
    return [...document.querySelectorAll("button, input, select, textarea, meter")]
        .filter((one) => !one.textContent.trim() && !one.labels?.length)
        .map((one) => one.outerHTML)
"""
"""Those that a screen reader could not name."""

SCROLLED_SIDEWAYS = """
    return [...document.querySelectorAll(".scrolled, html")]
        .filter((one) => one.scrollWidth > one.clientWidth)
        .map((one) => one.querySelector("[id]")?.id || one.id || one.tagName)
"""
"""What has more than fits beside it."""
