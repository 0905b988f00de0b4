"""The docs say what the code does."""

import re
from pathlib import Path

from docs.write_settings import PAGE, page
from tests.support.examples import examples

ROOT = Path(__file__).parent.parent


def test_the_settings_page_is_made_from_the_declarations() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_links_between_pages_lead_somewhere() -> None:
    for file in [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]:
        for target in re.findall(r"\]\(([^)#]+)", file.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (file.parent / target).exists(), f"{file.name} links to {target}"


def test_the_chinese_pages_have_the_examples_of_the_english_ones() -> None:
    """So that it is enough to run those; comments are in each page's language."""
    for file in sorted((ROOT / "docs/zh-CN").glob("*.md")):
        for language in ("python", "sh"):
            chinese, english = (
                [re.sub(r" *#.*", "", example) for example in examples(where, language)]
                for where in (file, ROOT / "docs" / file.name)
            )
            assert chinese == english, file.name


def test_the_transcript_keys_of_the_protocol_page_are_those_sent() -> None:
    from wyoming_funasr.recognition.types import Recognition
    from wyoming_funasr.requests.endpointing import EndedBy
    from wyoming_funasr.requests.events import Final
    from wyoming_funasr.requests.transcript import transcript_context

    sent = transcript_context(Final(Recognition(), None, EndedBy.AUDIO_STOP))
    described = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/protocol.md").read_text("utf-8"), re.M)
    assert set(sent) == set(described)
