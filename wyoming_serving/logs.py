"""Log lines as text for people, or as JSON for machines: bounded, one event a line."""

import contextlib
import io
import json
import logging
import re
import sys
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType

from wyoming_serving.reports import RequestReport

_LOGGER = logging.getLogger(__name__)
_REQUESTS = logging.getLogger("wyoming_serving.requests")

MAX_MESSAGE_CHARACTERS = 2_000
"""Of one message; a client may send megabytes that an error quotes."""

_MAX_TRACEBACK_CHARACTERS = 20_000

ExceptionInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What could begin a new line, move a terminal's cursor or turn the direction of writing."""


def log_request(client: str, report: RequestReport) -> None:
    """Write the one line that each request gets; a client is named by its address."""
    fields = report.fields()
    _REQUESTS.log(
        logging.INFO if report.error is None else logging.WARNING,
        "%s: %s",
        client,
        " ".join(f"{name}={_quoted(value)}" for name, value in fields.items()),
        extra={"request": {"client": client, **fields}},
    )
    if report.text is not None:
        _REQUESTS.debug("%s: text=%s", client, _quoted(report.text))


class TextFormatter(logging.Formatter):
    """One line for people; a traceback follows on lines of its own."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = _on_one_line(_bounded(record.message, MAX_MESSAGE_CHARACTERS))
        return super().formatMessage(record)

    def formatException(self, ei: ExceptionInfo) -> str:
        return _bounded(super().formatException(ei), _MAX_TRACEBACK_CHARACTERS)


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time (ISO 8601, UTC), level, logger, message, and any error.

    The line of a request has its fields under `request` as well.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _bounded(record.getMessage(), MAX_MESSAGE_CHARACTERS),
        }
        request = getattr(record, "request", None)
        if request is not None:
            line["request"] = {
                name: _bounded(value, MAX_MESSAGE_CHARACTERS) if isinstance(value, str) else value
                for name, value in request.items()
            }
        if record.exc_info:
            error = self.formatException(record.exc_info)
            line["error"] = _bounded(error, _MAX_TRACEBACK_CHARACTERS)
        return json.dumps(line, ensure_ascii=False)


def configure_logging(level: str, log_format: str) -> None:
    """Send log lines to standard error, since `stdio://` uses standard output for events.

    As JSON an error that ends the program is a line, too. Libraries bring handlers of their own,
    which write in other formats and to other places: from now on every logger's lines, and
    Python's warnings, go to this one.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    sys.excepthook = _log_uncaught if log_format == "json" else sys.__excepthook__
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.setLoggerClass(_PlainLogger)
    for logger in list(logging.root.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger):
            logger.handlers.clear()
            logger.propagate = True
    logging.captureWarnings(True)
    warnings.simplefilter("default", UserWarning)


@contextlib.contextmanager
def library_output_logged() -> Iterator[None]:
    """Turn what libraries print, where log lines are JSON on either output, into lines of the log.

    For programs whose output is nothing else.
    """
    outputs = sys.stdout, sys.stderr
    sys.stdout = _LoggedOutput("stdout")
    if any(isinstance(handler.formatter, JsonFormatter) for handler in logging.root.handlers):
        sys.stderr = _LoggedOutput("stderr")
    try:
        yield
    finally:
        sys.stdout, sys.stderr = outputs


class _PlainLogger(logging.Logger):
    """A logger whose lines go to the root's handlers, whatever a library sets up."""

    def addHandler(self, hdlr: logging.Handler) -> None:
        """Add nothing."""

    def callHandlers(self, record: logging.LogRecord) -> None:
        logging.root.callHandlers(record)


class _LoggedOutput(io.TextIOBase):
    """Takes what is printed and logs it line by line; a progress bar's passing states are not."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._logger = logging.getLogger(name)
        self._line = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._line = (self._line + text).split("\n")
        self._line = self._line[-MAX_MESSAGE_CHARACTERS:]
        for line in lines:
            shown = line.rpartition("\r")[2].rstrip()
            if shown:
                self._logger.info("%s", shown)
        return len(text)


def _log_uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    _LOGGER.critical("the program failed", exc_info=(kind, error, traceback))


def _bounded(text: str, most: int) -> str:
    left_out = len(text) - most
    return text if left_out <= 0 else f"{text[:most]}... ({left_out} more characters)"


def _on_one_line(text: str) -> str:
    return _CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def _quoted(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if re.search(r"[\s\"=]", text) else text
