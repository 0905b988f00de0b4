"""A stand-in for the Supervisor's API: it takes discovery messages and keeps them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "0123456789abcdef"


class Supervisor(ThreadingHTTPServer):
    """Knows one add-on, which may discover `wyoming`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.messages: list[dict[str, Any]] = []
        """What was sent to `/discovery` and taken."""
        self.refused: list[str] = []
        """Why requests were not."""
        self.arrived = threading.Event()
        """Set by a message or a refusal."""
        self.forbidden = False
        """Refuse whatever comes."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def supervisor() -> Iterator[Supervisor]:
    """A Supervisor in a thread of this process."""
    with Supervisor() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Request(BaseHTTPRequestHandler):
    server: Supervisor

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        reason = self._why_not(body)
        if reason:
            self.server.refused.append(reason)
            self._answer(403, {"result": "error", "message": reason})
        else:
            self.server.messages.append(json.loads(body))
            self._answer(200, {"result": "ok", "data": {"uuid": "0" * 32}})
        self.server.arrived.set()

    def _why_not(self, body: bytes) -> str:
        """As the Supervisor decides it; empty when the message is taken."""
        if self.server.forbidden:
            return "forbidden"
        if self.path != "/discovery":
            return f"no such path: {self.path}"
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return "wrong token"
        if self.headers["Content-Type"] != "application/json":
            return "not JSON"
        message = json.loads(body)
        if message.keys() != {"service", "config"} or not isinstance(message["config"], dict):
            return f"wrong message: {message}"
        return "" if message["service"] == "wyoming" else "not a service of the add-on"

    def _answer(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""
