"""Spans sent to a collector by OpenTelemetry's SDK; nothing else imports it."""

from collections.abc import Mapping

from wyoming_serving import __version__
from wyoming_serving.extras import needs_extra

with needs_extra("tracing", reason="otlp_endpoint"):
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import Span, Status, StatusCode, set_span_in_context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PATH = "/v1/traces"
_SEND_MS = 1000
"""How long spans wait for others to be sent with."""
_EXPORT_SECONDS = 5.0


class _Span:
    def __init__(self, span: Span) -> None:
        self._span = span
        carrier: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(carrier, set_span_in_context(span))
        self.traceparent = carrier["traceparent"]

    def end(self, attributes: Mapping[str, str | int | float], at_ns: int) -> None:
        self._span.set_attributes(attributes)
        if "error" in attributes:
            self._span.set_status(Status(StatusCode.ERROR, str(attributes["error"])))
        self._span.end(at_ns)


class OtlpRecorder:
    """Sends spans in the background; a collector that does not answer costs those spans."""

    def __init__(self, endpoint: str, service: str) -> None:
        """`endpoint`: as `http://collector:4318`; `service`: the name that spans are listed by."""
        resource = Resource.create({"service.name": service, "service.version": __version__})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint.rstrip("/") + _PATH, timeout=_EXPORT_SECONDS)
        self._provider.add_span_processor(
            BatchSpanProcessor(exporter, schedule_delay_millis=_SEND_MS)
        )
        self._tracer = self._provider.get_tracer("wyoming_serving", __version__)

    def begin(self, name: str, parent: str | None, at_ns: int) -> _Span:
        """See `Recorder`."""
        carrier = {"traceparent": parent} if parent else {}
        context = TraceContextTextMapPropagator().extract(carrier)
        return _Span(self._tracer.start_span(name, context, start_time=at_ns))

    def close(self) -> None:
        """See `Recorder`."""
        self._provider.shutdown()
