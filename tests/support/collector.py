"""A collector of OpenTelemetry spans on this machine."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass(frozen=True)
class CollectedSpan:
    """A span as it was received; times are nanoseconds since the epoch."""

    name: str
    service: str
    trace_id: str
    span_id: str
    parent_id: str
    begins: int
    ends: int
    attributes: dict[str, str]
    error: str


class Collector:
    """What was received so far."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.spans: list[CollectedSpan] = []

    def named(self, name: str) -> CollectedSpan:
        """The only span of a name."""
        [found] = [one for one in self.spans if one.name == name]
        return found

    def first(self, name: str) -> CollectedSpan:
        """The span of a name that began first."""
        return min((one for one in self.spans if one.name == name), key=lambda one: one.begins)

    def within(self, parent: CollectedSpan) -> Sequence[str]:
        """The names of a span's children, as they began."""
        children = [one for one in self.spans if one.parent_id == parent.span_id]
        return [one.name for one in sorted(children, key=lambda one: one.begins)]


@contextlib.contextmanager
def collector() -> Iterator[Collector]:
    """One that takes OTLP over HTTP."""
    reason = "needs OpenTelemetry, by the extra tracing"
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason=reason)
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            assert self.path == "/v1/traces"
            found.spans += _spans(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Collector(f"http://127.0.0.1:{server.server_port}")
        serving = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        serving.start()
        try:
            yield found
        finally:
            server.shutdown()
            serving.join()


def _spans(request: object) -> Iterator[CollectedSpan]:
    for resource in request.resource_spans:  # type: ignore[attr-defined]
        known = {one.key: one.value.string_value for one in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield CollectedSpan(
                    span.name,
                    known["service.name"],
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.start_time_unix_nano,
                    span.end_time_unix_nano,
                    {one.key: _value(one.value) for one in span.attributes},
                    span.status.message,
                )


def _value(value: object) -> str:
    return str(getattr(value, value.WhichOneof("value")))  # type: ignore[attr-defined]
