"""What the command lines of the services have in common."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from wyoming_serving.cpu_features import missing_instructions
from wyoming_serving.devices import let_threads_sleep
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.extras import needs_extra
from wyoming_serving.logs import configure_logging
from wyoming_serving.settings import Settings, SettingsError

_LOGGER = logging.getLogger(__name__)


def run_command(
    parser: argparse.ArgumentParser,
    settings_class: type[Settings],
    extra: str,
    arguments: Sequence[str] | None = None,
) -> int:
    """Run the command that `arguments` (by default the program's own) name.

    Each command's parser sets `run`, a function of the settings and the parsed arguments that
    returns the exit status. `extra` is the one that installs what the commands import. Returns the
    exit status: 2 where a setting is wrong, 1 where the command failed, after one line that says
    why.
    """
    given = parser.parse_args(arguments)
    try:
        settings = settings_class.load(given)
        configure_logging(settings.log_level, settings.log_format)
        for line in settings_class.unknown_variables(os.environ):
            _LOGGER.warning("%s", line)
        let_threads_sleep()
        _refuse_old_cpu()
        with needs_extra(extra):
            status: int = given.run(settings, given)
    except (SettingsError, ServiceError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2 if isinstance(error, SettingsError) else 1
    return status


def _refuse_old_cpu() -> None:
    """Say what a CPU lacks before a library ends the process by an illegal instruction."""
    missing = missing_instructions()
    if missing:
        raise ServiceError(
            ErrorCode.DEVICE_UNAVAILABLE,
            f"this CPU has no {', '.join(missing)}; the libraries need an x86-64-v2 CPU, "
            "such as any Intel or AMD since 2011",
        )
