"""Whether a hub answers now."""

import os
import urllib.error
import urllib.request
from collections.abc import Mapping

from wyoming_serving.hub import HubName

RECHECK_SECONDS = 600.0

_TIMEOUT_SECONDS = 3.0
_ENDPOINTS: Mapping[HubName, tuple[str, str]] = {
    "hf": ("HF_ENDPOINT", "https://huggingface.co"),
    "modelscope": ("MODELSCOPE_ENDPOINT", "https://www.modelscope.cn"),
}
"""The variable that the hub's own library honours, and its default."""


def reachable_hubs() -> set[HubName]:
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
