"""The page's files: HTML, CSS and JavaScript, served as they lie on two shelves.

The foundation's shelf has what both services show; a service's own has `sections.html`, which goes
into `index.html`, and `service.js`, which fills it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from aiohttp import web

SHELF = Path(__file__).parent / "shelf"
_PLACE = "<!-- sections.html of the service -->"

_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'",
    "Permissions-Policy": "microphone=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",  # kept, but asked for each time: a new version shows at once
}
"""Whatever text comes to the page, no script of another's runs and nothing is sent elsewhere. Home
Assistant, whose ingress shows the page in a frame, has the same origin."""


@dataclass(frozen=True)
class PageFile:
    """A file in memory; all together they are smaller than one picture."""

    body: bytes
    content_type: str
    tag: str
    """Changes with the content."""

    @classmethod
    def of(cls, body: bytes, content_type: str) -> Self:
        """Returns a file with its tag."""
        return cls(body, content_type, f'"{hashlib.sha256(body).hexdigest()[:16]}"')

    def answer(self, request: web.Request) -> web.Response:
        """Returns the answer to a browser, which may have the file already."""
        headers = _HEADERS | {"ETag": self.tag}
        if self.tag in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        return web.Response(
            body=self.body, content_type=self.content_type, charset="utf-8", headers=headers
        )


def page_routes(own_shelf: Path) -> list[web.RouteDef]:
    """Returns a route for each file of the page; their addresses are relative, and so it works
    below any path that a proxy puts before it."""
    files = {path.name: path for path in (*_on(SHELF), *_on(own_shelf))}
    sections, index = files.pop("sections.html"), files.pop("index.html")
    whole = index.read_text("utf-8").replace(_PLACE, sections.read_text("utf-8"))
    page = {"/": PageFile.of(whole.encode(), _TYPES[".html"])}
    for name, path in files.items():
        page[f"/page/{name}"] = PageFile.of(path.read_bytes(), _TYPES[path.suffix])
    return [_route(place, file) for place, file in page.items()]


def _on(shelf: Path) -> Iterator[Path]:
    return (path for path in sorted(shelf.iterdir()) if path.suffix in _TYPES)


def _route(place: str, file: PageFile) -> web.RouteDef:
    async def answer(request: web.Request) -> web.Response:
        return file.answer(request)

    return web.get(place, answer)
