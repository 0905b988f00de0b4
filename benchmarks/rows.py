"""What was measured, one JSON object a line: an interrupted run goes on where it stopped."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]
"""A measurement with its raw values; `server`, `measure` and `case` say which."""


class OtherRunError(Exception):
    """The rows on disk come from another machine or another plan."""


class Rows:
    """The rows of one run in a file, whose first line says where it runs."""

    def __init__(self, file: Path, run: Row) -> None:
        """Go on with the run in `file`, or begin one.

        Raises:
            OtherRunError: `file` holds a run with another plan, or of another machine.
        """
        self._file = file
        self._rows: dict[str, Row] = {}
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.is_file():
            self.run = run
            self._append(run)
            return
        self.run, *rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        for field in ("plan", "cpu", "cores"):
            if self.run[field] != run[field]:
                raise OtherRunError(
                    f"{file} holds a run with {field} {self.run[field]!r}, this one has "
                    f"{run[field]!r}: use --restart or another --output"
                )
        self._rows = {_key(row["server"], row["measure"], row["case"]): row for row in rows}

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def find(self, server: str, measure: str, case: str | int = "") -> Row | None:
        """The row of a measurement that has been made."""
        return self._rows.get(_key(server, measure, case))

    def add(self, row: Row) -> None:
        """Keep a row, on disk too."""
        self._rows[_key(row["server"], row["measure"], row["case"])] = row
        self._append(row)

    def _append(self, row: Row) -> None:
        with self._file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")


def _key(server: str, measure: str, case: str | int) -> str:
    return f"{server}/{measure}/{case}"
