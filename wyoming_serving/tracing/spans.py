"""Spans: what took how long within a request, and within what.

They are off until `start` is given what records them. Then `request` begins one for a request, and
whatever its task and the tasks that come of it do becomes part of it: the parent is in a context
variable, which costs nothing where there is none. Another process goes on from `traceparent`.
"""

import contextlib
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Protocol

from wyoming_serving.reports import RequestReport

Attributes = dict[str, str | int | float]

_parent: ContextVar[str | None] = ContextVar("traceparent", default=None)


class Span(Protocol):
    """Something that has begun."""

    @property
    def traceparent(self) -> str:
        """Its name in other processes, as W3C's Trace Context has it."""

    def end(self, attributes: Mapping[str, str | int | float], at_ns: int) -> None:
        """End it, with what is known of it by then; `error` says what failed."""


class Recorder(Protocol):
    """Keeps spans, or sends them somewhere; it never fails."""

    def begin(self, name: str, parent: str | None, at_ns: int) -> Span:
        """Begin a span at a time since the epoch."""

    def close(self) -> None:
        """Send what is left; takes a while."""


class _Recording:
    """The process's recorder, as the process has one log."""

    recorder: Recorder | None = None


def start(recorder: Recorder) -> None:
    """Record spans from now on."""
    _Recording.recorder = recorder


def stop() -> Recorder | None:
    """Record no more; returns the recorder, which is to be closed."""
    recorder, _Recording.recorder = _Recording.recorder, None
    return recorder


def traceparent() -> str | None:
    """Returns what spans begun here would be part of; None where nothing is recorded."""
    return _parent.get()


def adopt(parent: str | None) -> None:
    """Make what the rest of this task does part of a span of another process."""
    if _Recording.recorder is not None:
        _parent.set(parent)


@contextlib.contextmanager
def request(report: RequestReport) -> Iterator[None]:
    """Record the block as a request, with what the report says of it at the end."""
    if _Recording.recorder is None:
        yield
        return
    with _span(_Recording.recorder, report.kind) as attributes:
        try:
            yield
        finally:
            attributes |= report.fields()


@contextlib.contextmanager
def span(name: str) -> Iterator[Attributes]:
    """Record the block, if it is part of a request; yields attributes to fill in."""
    if _Recording.recorder is None or _parent.get() is None:
        yield {}
        return
    with _span(_Recording.recorder, name) as attributes:
        yield attributes


@contextlib.contextmanager
def without() -> Iterator[None]:
    """Record nothing of the block."""
    with _as_parent(None):
        yield


def record(
    name: str,
    parent: str | None,
    seconds_ago: tuple[float, float],
    attributes: Mapping[str, str | int | float],
) -> None:
    """Record what is over already: it began and ended so long ago."""
    recorder = _Recording.recorder
    if recorder is None or parent is None:
        return
    now = time.time_ns()
    began, ended = (now - round(seconds * 1e9) for seconds in seconds_ago)
    recorder.begin(name, parent, began).end(attributes, ended)


@contextlib.contextmanager
def _span(recorder: Recorder, name: str) -> Iterator[Attributes]:
    begun = recorder.begin(name, _parent.get(), time.time_ns())
    attributes: Attributes = {}
    try:
        with _as_parent(begun.traceparent):
            yield attributes
    except BaseException as error:
        attributes.setdefault("error", str(error) or type(error).__name__)
        raise
    finally:
        begun.end(attributes, time.time_ns())


@contextlib.contextmanager
def _as_parent(parent: str | None) -> Iterator[None]:
    token = _parent.set(parent)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):  # a generator that another task closes
            _parent.reset(token)
