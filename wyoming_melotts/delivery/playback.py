"""How long a client still has something to play."""

import asyncio

from wyoming_melotts.frontends.budget import ReadingBudget
from wyoming_serving.job_queue import JobTiming

_SILENT_SECONDS = 1.0
"""A text that was read and gave no audio waits as one that has so much left to play."""


class Playback:
    """The audio that one request has been given, played from its first chunk on."""

    def __init__(self, sample_rate_hz: int, reading: ReadingBudget) -> None:
        """`reading`: what may be spent on its text."""
        self.reading = reading
        self._bytes_per_second = 2 * sample_rate_hz
        self._ends_at: float | None = None
        self._bytes = 0
        self.timing = JobTiming()
        """What its jobs took so far."""

    @property
    def started(self) -> bool:
        """Whether there has been any audio."""
        return self._ends_at is not None

    @property
    def is_urgent(self) -> bool:
        """Whether its next audio goes before that of all others: none of its text was read yet.

        A text that is read and says nothing would keep the device for itself.
        """
        return not self.started and not self.reading.spent

    @property
    def seconds(self) -> float:
        """The length of the audio so far."""
        return self._bytes / self._bytes_per_second

    @property
    def ends_at(self) -> float:
        """When all of it will have been played, in the event loop's time.

        Before any audio it is now, and soon where text was read that gave none.
        """
        if self._ends_at is not None:
            return self._ends_at
        now = asyncio.get_running_loop().time()
        return now if self.is_urgent else now + _SILENT_SECONDS

    def resume(self, seconds_left: float) -> None:
        """Begin with audio that was given elsewhere and ends so much later, or before now."""
        self._ends_at = asyncio.get_running_loop().time() + seconds_left

    def add(self, audio_bytes: int) -> None:
        """Take so many bytes of 16-bit mono; after a gap they are played at once."""
        self._bytes += audio_bytes
        now = asyncio.get_running_loop().time()
        start = now if self._ends_at is None else max(now, self._ends_at)
        self._ends_at = start + audio_bytes / self._bytes_per_second
