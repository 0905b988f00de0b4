"""Which hubs answer now, so that the info message promises only what can be fetched."""

import asyncio
import os
import urllib.error
import urllib.request
from collections.abc import Mapping

from wyoming_serving.models.hub import HubName
from wyoming_serving.scheduler import call_in_thread

_RECHECK_SECONDS = 600.0
_TIMEOUT_SECONDS = 3.0
_ENDPOINTS: Mapping[HubName, tuple[str, str]] = {
    "hf": ("HF_ENDPOINT", "https://huggingface.co"),
    "modelscope": ("MODELSCOPE_ENDPOINT", "https://www.modelscope.cn"),
}
"""The variable that the hub's own library honours, and its default."""


class HubWatch:
    """Asks the hubs from time to time whether they answer."""

    def __init__(self) -> None:
        self.reachable: set[HubName] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to ask; needs a running event loop."""
        self._task = asyncio.create_task(self._watch(), name="hubs")

    async def close(self) -> None:
        """Stop asking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            self.reachable = await call_in_thread(_reachable_hubs, "hubs")
            await asyncio.sleep(_RECHECK_SECONDS)


def _reachable_hubs() -> set[HubName]:
    """The hubs that answer; blocks for some seconds where they do not."""
    return {
        hub
        for hub, (variable, default) in _ENDPOINTS.items()
        if _answers(os.environ.get(variable) or default)
    }


def _answers(url: str) -> bool:
    request = urllib.request.Request(url, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):
            return True
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False
