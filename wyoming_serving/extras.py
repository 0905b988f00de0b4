"""Optional dependencies: what is not installed is one line that says how to install it."""

import contextlib
from collections.abc import Iterator

from wyoming_serving.errors import ErrorCode, ServiceError

DISTRIBUTION = "wyoming-funasr-melotts"
_OWN_PACKAGES = ("wyoming_serving", "wyoming_funasr", "wyoming_melotts")


@contextlib.contextmanager
def needs_extra(extra: str, reason: str = "") -> Iterator[None]:
    """Import within this block what `extra` in `pyproject.toml` installs.

    `reason` begins the message, as in `device cuda`.

    Raises:
        ServiceError: `extra-missing`, a package is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if not package or package in _OWN_PACKAGES:
            raise  # a defect of ours
        raise ServiceError(
            ErrorCode.EXTRA_MISSING,
            f"{reason}{': ' if reason else ''}the Python package {package} is not installed; "
            f"run: pip install '{DISTRIBUTION}[{extra}]'",
        ) from error
