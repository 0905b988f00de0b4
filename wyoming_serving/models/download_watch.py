"""A download that is watched from outside: progress in the log, and an end when none is left.

The hubs' libraries try again and again at a hub that accepts and never answers, and their progress
bars are of no use in a log.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

_LOGGER = logging.getLogger(__name__)

_CHECK_SECONDS = 0.25
_LOG_SECONDS = 10.0


class DownloadStalled(Exception):
    """Nothing has arrived for too long."""


def watched_download(fetch: Callable[[], None], folder: Path, stall_seconds: float) -> None:
    """Run `fetch`, which downloads into `folder`, in a thread, and wait for its end.

    Its exceptions are raised here. A fetch that stalls is left behind: no thread can be stopped,
    but the process does not wait for it.

    Raises:
        DownloadStalled: the files in `folder` have not grown for `stall_seconds`.
    """
    failure: list[BaseException] = []

    def run() -> None:
        try:
            fetch()
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=run, name="download", daemon=True)
    thread.start()
    held, newest = _held(folder)
    grown_at = logged_at = time.monotonic()
    while True:
        thread.join(_CHECK_SECONDS)
        if not thread.is_alive():
            break
        before, (held, newest) = held, _held(folder)
        now = time.monotonic()
        if held != before:
            grown_at = now
        elif now - grown_at >= stall_seconds:
            raise DownloadStalled(f"nothing has arrived for {stall_seconds:g} s")
        if now - logged_at >= _LOG_SECONDS:
            logged_at = now
            _LOGGER.info("downloading: %s, %.0f MB so far", newest, held / 1e6)
    if failure:
        raise failure[0]


def _held(folder: Path) -> tuple[int, str]:
    """Returns the bytes of all files below a folder, and the name of the one written last."""
    held, newest, newest_at = 0, "waiting for the hub", 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                file = os.stat(os.path.join(place, name))
            except FileNotFoundError:  # renamed since
                continue
            held += file.st_size
            if file.st_mtime_ns > newest_at:
                newest, newest_at = name, file.st_mtime_ns
    return held, newest
