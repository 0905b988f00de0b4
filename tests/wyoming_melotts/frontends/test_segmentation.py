"""jieba's dictionary, which it keeps in the temporary folder."""

import subprocess
import sys
from pathlib import Path

import pytest

CUT = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from wyoming_melotts.frontends.segmentation import cut_words
print(*(word.text for word in cut_words("打开客厅的灯")))
"""


@pytest.mark.parametrize("kept", [None, b"", b"no dictionary", b"i\x01\x00\x00\x00"])
def test_words_are_cut_whatever_was_kept(tmp_path: Path, kept: bytes | None) -> None:
    file = tmp_path / "jieba.cache"
    if kept is not None:
        file.write_bytes(kept)
    for _ in range(2):  # the second time it is there
        done = subprocess.run(
            [sys.executable, "-c", CUT, str(tmp_path)], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "打开 客厅 的 灯"
        assert file.stat().st_size > 1_000_000
