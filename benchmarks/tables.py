"""Markdown tables."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]], text_columns: int = 1) -> list[str]:
    """Lines of a table whose first columns are text and whose others are numbers."""
    align = ["---"] * text_columns + ["---:"] * (len(head) - text_columns)
    return [_line(head), _line(align), *map(_line, rows), ""]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
