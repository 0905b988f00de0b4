"""The codes that clients see are documented."""

import re
from pathlib import Path

from wyoming_serving.errors import ErrorCode

PAGE = Path(__file__).parents[2] / "docs" / "protocol.md"


def test_the_protocol_page_lists_every_code_once() -> None:
    section = PAGE.read_text(encoding="utf-8").split("\n## Errors\n")[1].split("\n## ")[0]
    assert re.findall(r"^\| `([a-z-]+)` \| \S", section, re.M) == [str(code) for code in ErrorCode]
