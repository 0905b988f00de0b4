"""The page's files and what it asks for, as a browser and a thief would fetch them."""

import json
import re
from pathlib import Path

import pytest

from tests.wyoming_serving.http.service import (
    OTHER_MACHINE,
    TOKEN,
    api_server,
    browser,
    error_of,
)
from wyoming_serving.http.page.files import SHELF
from wyoming_serving.recent import MOST_REQUESTS
from wyoming_serving.reports import Moment, RequestReport, Stage

BEARER = {"Authorization": f"Bearer {TOKEN}"}
EVERYWHERE = ("--http-host", "0.0.0.0")
PROXY = ("--http-trusted-proxy", OTHER_MACHINE[0])
SECRET = "open the safe"


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A service's part of the page."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    (folder / "sections.html").write_text("<section>of the service</section>")
    (folder / "service.js").write_text("export {};")
    (folder / "notes.py").write_text("no file of the page")
    return folder


@pytest.fixture
def tokens(tmp_path: Path) -> str:
    file = tmp_path / "tokens"
    file.write_text(TOKEN)
    return str(file)


async def test_it_is_put_together_from_both_shelves(shelf: Path) -> None:
    async with api_server(page_shelf=shelf) as (_, url), browser(url) as client:
        async with client.get("/") as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
            assert "<section>of the service</section>" in await answer.text()
        for name in ("service.js", *(path.name for path in SHELF.glob("*.js"))):
            async with client.get(f"/page/{name}") as answer:
                assert (answer.status, answer.content_type) == (200, "text/javascript")
        for name in ("notes.py", "sections.html", "..%2f__init__.py", "%2e%2e/files.py", ""):
            async with client.get(f"/page/{name}") as answer:
                assert await error_of(answer) == (404, "not-found")


async def test_a_service_without_a_page_has_none() -> None:
    async with api_server() as (_, url), browser(url) as client:
        async with client.get("/") as answer:
            assert await error_of(answer) == (404, "not-found")


async def test_no_other_script_runs_in_it_and_a_new_version_shows_at_once(shelf: Path) -> None:
    async with api_server(page_shelf=shelf) as (_, url), browser(url) as client:
        async with client.get("/") as answer:
            policy = answer.headers["Content-Security-Policy"]
            tag = answer.headers["ETag"]
            assert answer.headers["Cache-Control"] == "no-cache"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in policy and "script-src 'self';" in policy
        assert "unsafe" not in policy and "http" not in policy
        async with client.get("/", headers={"If-None-Match": tag}) as answer:
            assert (answer.status, await answer.read()) == (304, b"")
        async with client.get("/", headers={"If-None-Match": '"another"'}) as answer:
            assert answer.status == 200


def test_its_own_html_keeps_the_policy() -> None:
    html = (SHELF / "index.html").read_text("utf-8")
    assert not re.search(r"\s(style|on\w+)=", html)
    assert 'src="/' not in html and 'href="/' not in html, "addresses must be relative"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(scheme: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    light, dark = re.findall(r":root \{(.*?)\}", (SHELF / "style.css").read_text("utf-8"), re.S)
    color = dict(re.findall(r"--([\w-]+): #(\w+);", light if scheme == "light" else dark))
    grounds = {"ground", "paper"}
    pairs = {(ink, ground) for ink in ("ink", "faint", "good", "bad") for ground in grounds}
    for ink, ground in (*pairs, ("on-accent", "accent")):
        assert contrast(color[ink], color[ground]) >= 4.5, (ink, ground)


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    full = color if len(color) == 6 else "".join(2 * digit for digit in color)
    parts = [int(full[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


async def test_it_asks_for_no_token_but_what_it_shows_does(shelf: Path, tokens: str) -> None:
    async with api_server("--http-token-file", tokens, page_shelf=shelf) as (_, url):
        async with browser(url, OTHER_MACHINE) as client:
            for path in ("/", "/page/api.js"):
                async with client.get(path) as answer:
                    assert answer.status == 200
            for path in ("/v1/requests", "/v1/settings"):
                async with client.get(path) as answer:
                    assert await error_of(answer) == (401, "token-refused")
                async with client.get(path, headers=BEARER) as answer:
                    assert answer.status == 200
                    assert answer.headers["Cache-Control"] == "no-store"


async def test_where_the_api_is_closed_so_is_the_page(shelf: Path) -> None:
    async with api_server(*EVERYWHERE, page_shelf=shelf) as (_, url), browser(url) as client:
        async with client.get("/") as answer:
            assert await error_of(answer) == (403, "api-closed")
    words = ("--allowed-networks", "10.0.0.0/8")
    async with api_server(*words, page_shelf=shelf) as (_, url):
        async with browser(url, OTHER_MACHINE) as client, client.get("/") as answer:
            assert await error_of(answer) == (403, "address-refused")


async def test_a_trusted_proxy_needs_no_token_and_nobody_else_becomes_one(
    shelf: Path, tokens: str
) -> None:
    ingress = {"X-Ingress-Path": "/api/hassio_ingress/x", "Origin": "http://home.example:8123"}
    forged = ingress | {"X-Forwarded-For": OTHER_MACHINE[0], "Forwarded": f"for={OTHER_MACHINE[0]}"}
    for words in (("--allowed-networks", "10.0.0.0/8"), ("--http-token-file", tokens), ()):
        async with api_server(*EVERYWHERE, *PROXY, *words, page_shelf=shelf) as (_, url):
            async with browser(url, OTHER_MACHINE) as client:
                for path in ("/", "/v1/settings", "/v1/hello"):
                    async with client.get(path, headers=ingress) as answer:
                        assert answer.status == 200
                async with client.ws_connect("/v1/talk", headers=ingress) as talk:
                    await talk.send_json({"say": "yes"})
                    assert await talk.receive_json() == {"say": "yes"}
            for address in (None, ("127.0.0.3", 0)):
                async with browser(url, address) as client:
                    async with client.get("/v1/hello", headers=forged) as answer:
                        assert answer.status in (401, 403)


async def ask(url: str, path: str) -> str:
    async with browser(url) as client, client.get(path) as answer:
        assert answer.status == 200
        return await answer.text()


def report() -> RequestReport:
    said = RequestReport("listen", "en", audio_seconds=1.5, text=SECRET, outcome="queue-full")
    said.error = f"there is no voice {SECRET!r}"
    said.add(Stage.QUEUE, 0.25)
    said.moments[Moment.SPEECH_END] = 900
    return said


async def test_recent_requests_hide_what_was_said_unless_they_may_show_it() -> None:
    async with api_server() as (service, url):
        service.request_ended("192.0.2.1:5000", report())
        hidden = await ask(url, "/v1/requests")
    assert SECRET not in hidden
    (request,) = json.loads(hidden)["requests"]
    del request["ended_at"]
    assert request == {
        "number": 1,
        "client": "192.0.2.1:5000",
        "kind": "listen",
        "outcome": "queue-full",
        "language": "en",
        "audio_seconds": 1.5,
        "stages_ms": {"queue": 250},
        "moments_ms": {"speech_end": 900},
    }
    async with api_server("--http-show-texts") as (service, url):
        service.request_ended("192.0.2.1:5000", report())
        (request,) = json.loads(await ask(url, "/v1/requests"))["requests"]
    assert (request["text"], request["error"]) == (SECRET, report().error)


async def test_recent_requests_are_few_and_short() -> None:
    async with api_server("--http-show-texts") as (service, url):
        for _ in range(3 * MOST_REQUESTS):
            service.request_ended("client", RequestReport(text="word " * 100_000))
        answer = await ask(url, "/v1/requests")
    requests = json.loads(answer)["requests"]
    numbers = [request["number"] for request in requests]
    assert numbers == list(range(3 * MOST_REQUESTS, 2 * MOST_REQUESTS, -1))
    assert len(answer) < 1000 * MOST_REQUESTS


async def test_settings_in_force_are_shown_with_their_meaning() -> None:
    async with api_server("--max-queue", "7") as (service, url):
        shown = json.loads(await ask(url, "/v1/settings"))["settings"]
    assert {one["name"] for one in shown} == set(type(service.settings).model_fields)
    queue = next(one for one in shown if one["name"] == "max_queue")
    assert queue["value"] == 7 and queue["is_default"] is False
    assert queue["flag"] == "--max-queue" and queue["allowed"] and queue["description"]
