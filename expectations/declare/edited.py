"""Small CSV files that people edit: read strictly, with the line that a fault is on."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from expectations.declare.errors import Misconfigured


@dataclass(frozen=True)
class Line:
    """One record of a file: the number of the line it begins on, and its stripped values by column."""

    path: Path
    number: int
    values: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values[column]

    @property
    def where(self) -> str:
        """Where it stands, in words."""
        return f"{self.path}, line {self.number}"

    def refused(self, what: str, do: str) -> Misconfigured:
        """The error that says what is wrong on this line, and what to do."""
        return Misconfigured(what, where=self.where, do=do)


def edited_lines(path: Path, columns: tuple[str, ...]) -> Iterator[Line]:
    """The records of a file that has at least these columns; empty lines are passed over.

    Raises `Misconfigured` for a file that does not open or is no CSV, a column that is missing and a record that has
    more or fewer values than the header.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            yield from _records(path, text, columns)
    except OSError as error:
        what = f"the file does not open: {error.strerror}"
        raise Misconfigured(what, where=str(path), do="Correct the path") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise Misconfigured(f"this is no CSV file: {error}", where=str(path), do="Save it as CSV in UTF-8") from None


def _records(path: Path, text: TextIO, columns: tuple[str, ...]) -> Iterator[Line]:
    reader = csv.reader(text, strict=True)
    header = [name.strip() for name in next(reader, [])]
    if missing := [name for name in columns if name not in header]:
        wanted = f"Write the columns {', '.join(columns)}"
        raise Misconfigured(f"no column {missing[0]}", where=f"{path}, line 1", do=wanted)
    before = reader.line_num
    for row in reader:
        line = Line(path, before + 1, {name: value.strip() for name, value in zip(header, row, strict=False)})
        before = reader.line_num
        if row and len(row) != len(header):
            what = f"the row has {len(row)} values, the header has {len(header)}"
            raise line.refused(what, "Write one value per column")
        if row:
            yield line
