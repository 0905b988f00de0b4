"""Write the settings tables of configuration.md from the declarations (`make docs`)."""

from pathlib import Path

from wyoming_funasr.settings import FunasrSettings
from wyoming_melotts.settings import MelottsSettings
from wyoming_serving.shown_settings import settings_table

PAGE = Path(__file__).parent / "configuration.md"

INTRODUCTION = """\
# Settings

Each setting can be given on the command line, in the environment, or in a YAML file (`--config
FILE` or `FUNASR_CONFIG` / `MELOTTS_CONFIG`; keys are the flags with `_` for `-`). The command line
overrides the environment, the environment overrides the file, and the file overrides the default.
Flags may stand before or behind a command such as `transcribe`. A wrong value ends the program with
one line that names the setting, the value and what is allowed. A variable that begins with
`FUNASR_` or `MELOTTS_` and is no setting gets a warning with the nearest name.

Made by `make docs` from the declarations in `wyoming_funasr/settings.py` and
`wyoming_melotts/settings.py`.
"""


def page() -> str:
    """The whole page."""
    return (
        f"{INTRODUCTION}\n## wyoming-funasr\n\n{settings_table(FunasrSettings)}"
        f"\n## wyoming-melotts\n\n{settings_table(MelottsSettings)}"
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
