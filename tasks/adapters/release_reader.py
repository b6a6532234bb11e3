"""Read a published Parquet file without the warehouse: a page must neither wait for a writer nor see a draft."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa


def ask(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query over all marts of a release, each as `marts.<name>`."""
    with _opened(folder, marts_of(folder)) as db:
        return db.execute(query).fetchall()


def frame(folder: Path, query: str, params: Sequence[Any], *, only: Sequence[str]) -> pa.Table:
    """The result of a query over these marts of a release as an Arrow table; values are bound."""
    with _opened(folder, only) as db:
        found: pa.Table = db.sql(query, params=list(params)).to_arrow_table()
        return found


@contextmanager
def _opened(folder: Path, marts: Sequence[str]) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as db:
        db.execute("create schema marts")
        for name in marts:
            file = str(folder / f"{name}.parquet").replace("'", "''")
            db.execute(f"create view marts.{name} as select * from read_parquet('{file}')")  # noqa: S608 - no parameter in a view
        yield db


def marts_of(folder: Path) -> list[str]:
    """The names of the marts of a release."""
    return sorted(path.stem for path in folder.glob("*.parquet"))


def select(parquet: Path, columns: str, where: str, params: list[Any]) -> list[dict[str, Any]]:
    """Rows of one file; `columns` and `where` are written by the caller, values are bound."""
    with duckdb.connect(config={"threads": 1, "memory_limit": "256MB"}) as db:
        found = db.execute(f"select {columns} from read_parquet(?) where {where}", [str(parquet), *params])  # noqa: S608
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
