"""The latest requests, in memory only, for those who look at the page."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice

from wyoming_serving.excerpts import shortened
from wyoming_serving.reports import RequestReport

MOST_REQUESTS = 100
_MAX_TEXT_CHARACTERS = 500


@dataclass(frozen=True)
class RecentRequest:
    """A request that has ended."""

    number: int
    """Counts the requests since the start, from 1."""
    ended_at: datetime
    client: str
    report: RequestReport

    def shown(self, *, texts: bool) -> dict[str, object]:
        """Returns it for JSON; without `texts` nothing of what was said, which an error may quote.

        The report's fields have the names that they have in the log.
        """
        report = self.report
        shown: dict[str, object] = {
            "number": self.number,
            "ended_at": self.ended_at.isoformat(timespec="milliseconds"),
            "client": self.client,
            **report.facts(),
            "stages_ms": {stage: round(seconds * 1000) for stage, seconds in report.stages.items()},
            "moments_ms": report.moments,
        }
        return shown | {"text": report.text, "error": report.error} if texts else shown


class RecentRequests:
    """So many of the latest requests; the ones before are forgotten."""

    def __init__(self, most: int, *, shows_texts: bool) -> None:
        self.shows_texts = shows_texts
        """Whether those who may see the page may see what was said."""
        self._requests: deque[RecentRequest] = deque(maxlen=most)
        self._count = 0

    def add(self, client: str, report: RequestReport) -> None:
        """Take note of a request that has ended."""
        self._count += 1
        kept = replace(report, text=_beginning(report.text), error=_beginning(report.error))
        self._requests.append(RecentRequest(self._count, datetime.now(UTC), client, kept))

    def newest_first(self) -> Iterator[RecentRequest]:
        """Returns the requests, the newest first."""
        return reversed(self._requests)

    def latest_texts(self, most: int) -> list[str]:
        """Returns the texts of the latest requests that have one."""
        texts = (request.report.text for request in self.newest_first())
        return list(islice((text for text in texts if text), most))


def _beginning(text: str | None) -> str | None:
    return None if text is None else shortened(text, _MAX_TEXT_CHARACTERS)
