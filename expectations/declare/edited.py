"""Small CSV files that people edit beside the declarations: read with the line that a fault is on."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from expectations.declare.errors import Misconfigured


def edited_rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[list[str], str]]:
    """The stripped cells of these columns in their order, and where they stand; nothing where there is no file.

    Raises `Misconfigured` for a column that is missing.
    """
    if not path.exists():
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if missing := [name for name in columns if name not in (rows.fieldnames or ())]:
            wanted = f"Write the columns {', '.join(columns)}"
            raise Misconfigured(f"{missing[0]} is missing", where=str(path), do=wanted)
        for row in rows:
            yield [(row[column] or "").strip() for column in columns], f"{path}, line {rows.line_num}"
