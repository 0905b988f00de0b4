"""A stand-in for ModelScope and Hugging Face: enough of both APIs to download models from."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

REVISION = "0123456789abcdef0123456789abcdef01234567"


class ModelHub(ThreadingHTTPServer):
    """Serves `models`; can be broken, and mended again."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.models: dict[str, dict[str, bytes]] = {}
        self.requests: list[str] = []
        """Method and path of each request so far."""
        self.broken = False
        """Answer every request with status 500."""
        self.cut_after_bytes: int | None = None
        """Break each file's transfer off after so many bytes."""
        self.silent = threading.Event()
        """While it is set, accept requests and never answer."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def mend(self) -> None:
        """Serve as a hub should again."""
        self.broken, self.cut_after_bytes = False, None
        self.silent.clear()


@contextmanager
def model_hub() -> Iterator[ModelHub]:
    """A hub in a thread of this process."""
    with ModelHub() as hub:
        thread = threading.Thread(target=hub.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield hub
        finally:
            hub.shutdown()
            thread.join()


class _Request(BaseHTTPRequestHandler):
    server: ModelHub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.requests.append(f"{self.command} {self.path}")
        while self.server.silent.is_set():
            threading.Event().wait(0.05)  # `time.sleep` may be patched
        if self.server.broken:
            self._send_json(500, {"error": "the hub is broken"})
            return
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        routes = (
            (r"/api/v1/models/(.+)/repo/files", self._modelscope_listing),
            (r"/api/v1/models/(.+)/repo", lambda name: self._send_file(name, query["FilePath"])),
            (r"/api/models/(.+)/revision/main", self._hf_revision),
            (r"/api/models/(.+)/tree/.+", self._hf_listing),
            (r"/(.+)/resolve/\w+/(.+)", self._send_file),
        )
        for pattern, answer in routes:
            match = re.fullmatch(pattern, url.path)
            if match and match[1] in self.server.models:
                answer(*match.groups())
                return
        self._send_json(404, {"error": "there is no such thing"})

    do_HEAD = do_GET

    def _modelscope_listing(self, name: str) -> None:
        files = [
            {"Path": path, "Name": path, "Type": "blob", "Size": len(content),
             "Sha256": hashlib.sha256(content).hexdigest(), "Revision": REVISION}
            for path, content in self.server.models[name].items()
        ]  # fmt: skip
        self._send_json(200, {"Code": 200, "Success": True, "Data": {"Files": files}})

    def _hf_revision(self, name: str) -> None:
        siblings = [{"rfilename": path} for path in self.server.models[name]]
        self._send_json(200, {"id": name, "sha": REVISION, "siblings": siblings})

    def _hf_listing(self, name: str) -> None:
        files = [
            {"type": "file", "path": path, "size": len(content), "oid": REVISION}
            for path, content in self.server.models[name].items()
        ]
        self._send_json(200, files)

    def _send_file(self, name: str, path: str) -> None:
        content = self.server.models[name].get(path)
        if content is None:
            self._send_json(404, {"error": "there is no such file"})
            return
        start = int((self.headers.get("Range") or "bytes=0-").split("=")[1].split("-")[0])
        self.send_response(206 if "Range" in self.headers else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.send_header("Accept-Ranges", "bytes")
        if "Range" in self.headers:
            total = len(content)
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", REVISION)
        self.end_headers()
        if self.command == "HEAD":
            return
        limit = self.server.cut_after_bytes
        self.wfile.write(content[start:] if limit is None else content[start : start + limit])
        self.close_connection = limit is not None

    def _send_json(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet; `requests` holds what was asked."""
