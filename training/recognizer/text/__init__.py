"""Sentences and templates, one a line: `KIND.LANGUAGE.txt`; `development` was written by hand."""

from pathlib import Path


def lines(kind: str, language: str) -> list[str]:
    """Of one of the files beside this one."""
    return Path(__file__).with_name(f"{kind}.{language}.txt").read_text("utf-8").splitlines()
