"""Read a published Parquet file without the warehouse: a page must neither wait for a writer nor see a draft."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb


def select(parquet: Path, columns: str, where: str, params: list[Any]) -> list[dict[str, Any]]:
    """Rows of one file; `columns` and `where` are written by the caller, values are bound."""
    with duckdb.connect(config={"threads": 1, "memory_limit": "256MB"}) as db:
        found = db.execute(f"select {columns} from read_parquet(?) where {where}", [str(parquet), *params])  # noqa: S608
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
