"""A command line that repeats what a user said, for errors that name the way out."""

import shlex
from collections.abc import Sequence

from wyoming_serving.settings import Settings


def repeated_command(
    settings: Settings, kept: Sequence[str], words: str = "", **changes: str
) -> str:
    """Returns a command with the settings that are `kept`, where they are not the defaults, some of
    them changed, and with `words` behind them."""
    program = "wyoming-" + settings.model_config["env_prefix"].rstrip("_").lower()
    given = {
        name: str(getattr(settings, name))
        for name in kept
        if getattr(settings, name) != type(settings).model_fields[name].default
    }
    flags = [
        f"--{name.replace('_', '-')} {shlex.quote(value)}"
        for name, value in (given | changes).items()
    ]
    return " ".join(filter(None, [program, *flags, words]))
