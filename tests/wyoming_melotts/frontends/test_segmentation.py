"""Words come from jieba's dictionary, and from nothing that lies in the temporary folder."""

import marshal
import os
import subprocess
import sys
from pathlib import Path

import jieba
import pytest

from wyoming_melotts.frontends.segmentation import cut_words

CUT = """
from wyoming_melotts.frontends.segmentation import cut_words
print(*(word.text for word in cut_words("打开客厅的灯")))
"""
PLANTED = marshal.dumps(({"厅的灯": 10**9}, 10**9))


@pytest.mark.parametrize("kept", [None, b"", b"no dictionary", PLANTED])
def test_no_file_of_another_user_is_loaded_or_written(tmp_path: Path, kept: bytes | None) -> None:
    if kept is not None:
        (tmp_path / "jieba.cache").write_bytes(kept)
    found = subprocess.run(
        [sys.executable, "-c", CUT],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert found.stdout.strip() == "打开 客厅 的 灯"
    assert [file.read_bytes() for file in tmp_path.iterdir()] == ([] if kept is None else [kept])


def test_the_dictionary_is_the_one_that_jieba_builds() -> None:
    cut_words("灯")
    assert jieba.dt.gen_pfdict(jieba.dt.get_dict_file()) == (jieba.dt.FREQ, jieba.dt.total)
