"""What is recorded of a request, what is not, and what happens where spans are off."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence

import pytest

from tests.support.collector import collector
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.reports import RequestReport
from wyoming_serving.scheduler import BatchLimits, Scheduler, each
from wyoming_serving.tracing import spans
from wyoming_serving.tracing.starting import start_tracing


class Kept:
    """A recorder that keeps names with those of their parents."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, str | None]] = []
        self.errors: dict[str, str] = {}
        self.seconds: dict[str, float] = {}

    def begin(self, name: str, parent: str | None, at_ns: int) -> spans.Span:
        kept = self

        class One:
            traceparent = name

            def end(self, attributes: object, at_ns: int, began_ns: int = at_ns) -> None:
                assert isinstance(attributes, dict)
                kept.ended.append((name, parent))
                kept.seconds[name] = (at_ns - began_ns) / 1e9
                if "error" in attributes:
                    kept.errors[name] = str(attributes["error"])

        return One()

    def close(self) -> None:
        """Nothing is sent."""


@pytest.fixture
def kept() -> Iterator[Kept]:
    """Spans are on."""
    recorder = Kept()
    spans.start(recorder)
    yield recorder
    spans.stop()


async def scheduled(run: Callable[[str], str], *jobs: str) -> Sequence[object]:
    """What becomes of jobs, all submitted at once."""
    scheduler = Scheduler(each(run), BatchLimits(max_jobs=1), name="engine")
    scheduler.start()
    try:
        return await asyncio.gather(*map(scheduler.submit, jobs), return_exceptions=True)
    finally:
        await scheduler.close()


async def test_jobs_are_part_of_the_request_whose_task_submits_them(kept: Kept) -> None:
    with spans.request(RequestReport("transcribe")), spans.span("recognition"):
        await scheduled(str.upper, "one")
    assert kept.ended == [
        ("engine queue", "recognition"),
        ("engine run", "recognition"),
        ("recognition", "transcribe"),
        ("transcribe", None),
    ]


async def test_times_are_those_of_the_job(kept: Kept) -> None:
    import time

    def run(job: str) -> str:
        time.sleep(0.05)
        return job

    with spans.request(RequestReport("transcribe")):
        await scheduled(run, "one")
    assert 0.05 <= kept.seconds["engine run"] <= kept.seconds["transcribe"]


async def test_what_fails_says_why(kept: Kept) -> None:
    report = RequestReport("transcribe")
    with pytest.raises(ServiceError), spans.request(report), spans.span("recognition"):
        raise ServiceError(ErrorCode.QUEUE_FULL, "32 requests already wait")
    assert kept.errors["recognition"] == "32 requests already wait"


async def test_what_is_of_no_request_or_shut_out_is_not_recorded(kept: Kept) -> None:
    with spans.span("canary"):
        await scheduled(str.upper, "one")
    with spans.request(RequestReport("transcribe")), spans.without():
        await scheduled(str.upper, "one")
    assert kept.ended == [("transcribe", None)]


async def test_another_process_goes_on(kept: Kept) -> None:
    with spans.request(RequestReport("transcribe")):
        sent = spans.traceparent()

    async def replica() -> None:
        spans.adopt(sent)
        await scheduled(str.upper, "one")

    await asyncio.create_task(replica())
    assert kept.ended[-1] == ("engine run", "transcribe")
    assert spans.traceparent() is None


async def test_nothing_is_recorded_while_they_are_off() -> None:
    with spans.request(RequestReport("transcribe")), spans.span("recognition") as attributes:
        attributes["more"] = 1
        assert spans.traceparent() is None
    spans.adopt("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    assert spans.traceparent() is None


def test_off_they_import_nothing() -> None:
    program = "import sys, wyoming_serving.service; print('opentelemetry' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert ran.stdout == b"False\n"


def test_without_the_extra_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "wyoming_serving.tracing.otlp", raising=False)
    for name in [one for one in sys.modules if one.startswith("opentelemetry")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr("sys.path", [one for one in sys.path if "site-packages" not in one])
    with pytest.raises(ServiceError, match=r"pip install 'wyoming-funasr-melotts\[tracing\]'"):
        start_tracing("http://127.0.0.1:4318", "test")


def test_a_collector_gets_them() -> None:
    with collector() as found:
        start_tracing(found.endpoint, "wyoming-test")
        with spans.request(RequestReport("transcribe", language="en")) as _, spans.span("part"):
            pass
        recorder = spans.stop()
        assert recorder is not None
        recorder.close()
    whole, part = found.named("transcribe"), found.named("part")
    assert (part.parent_id, part.trace_id) == (whole.span_id, whole.trace_id)
    assert whole.service == "wyoming-test"
    assert whole.attributes["language"] == "en"
