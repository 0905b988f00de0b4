"""Write where the sentences of each language end, for `sentence_ends`.

python -m wyoming_funasr.home.write_sentence_ends is needed after a new version of
home-assistant-intents, and after a change of the everyday sentences.
"""

from pathlib import Path

from wyoming_funasr.home.description import Home
from wyoming_funasr.home.grammar import TEMPLATE_LANGUAGES, Grammar
from wyoming_funasr.home.sentence_ends import sampled

FOLDER = Path(__file__).parent / "sentence_ends"


def main() -> None:
    """Write one file for each of Home Assistant's languages."""
    FOLDER.mkdir(exist_ok=True)
    for name in sorted(set(TEMPLATE_LANGUAGES.values())):
        language = next(key for key, value in TEMPLATE_LANGUAGES.items() if value == name)
        sampled(Grammar(language, Home())).save(FOLDER / f"{name}.npz")


if __name__ == "__main__":
    main()
