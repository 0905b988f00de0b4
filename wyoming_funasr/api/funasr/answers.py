"""What a client of FunASR's protocol is told.

Source: runtime/docs/websocket_protocol.md of FunASR, and its server in Python for `is_end`.
"""

from collections.abc import Mapping
from typing import Literal

from wyoming_funasr.api.funasr.times import TimedText
from wyoming_serving.errors import ServiceError
from wyoming_serving.http.errors import error_object

AnswerMode = Literal["offline", "online", "2pass-online", "2pass-offline"]


def answer(
    mode: AnswerMode,
    wav_name: str,
    said: TimedText,
    *,
    is_final: bool,
) -> dict[str, object]:
    """Returns a text, with times where there are any; `is_final` in a recording's last answer."""
    content: dict[str, object] = {
        "mode": mode,
        "wav_name": wav_name,
        "text": said.text,
        "is_final": is_final,
    }
    if said.units:
        content |= {"timestamp": said.timestamp, "stamp_sents": said.sentences}
    return content


def end(mode: str, wav_name: str, failure: ServiceError | None) -> dict[str, object]:
    """Returns what follows the last answer where the client asked for it."""
    content: dict[str, object] = {
        "mode": mode,
        "wav_name": wav_name,
        "text": "",
        "is_final": failure is None,
        "is_end": True,
    }
    return content if failure is None else {**content, **_error(failure)}


def fatal(error: ServiceError) -> Mapping[str, object]:
    """Returns what is said before the socket closes; FunASR's client raises the text."""
    return {"text": "", "is_final": False, "is_end": True, **_error(error)}


def _error(error: ServiceError) -> dict[str, object]:
    told = error_object(error)
    return {"error": told["message"], "code": told["code"]}
