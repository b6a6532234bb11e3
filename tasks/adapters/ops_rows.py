"""How the parts of the ops store read their rows, and keep a window in two columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from expectations.judge.verdict import Span
from tasks.window import Window

Row = dict[str, Any]


def rows(engine: sa.Engine, query: sa.Select[Any]) -> list[Row]:
    """What a query finds, in its order, as columns by name."""
    with engine.connect() as db:
        return [dict(row) for row in db.execute(query).mappings()]


def flat(record: Mapping[str, Any]) -> Row:
    """The fields of a record as columns: `window` becomes its start and end."""
    window: Span = record["window"]
    values = {name: value for name, value in record.items() if name != "window"}
    return values | {"window_start": window.start, "window_end": window.end}


def with_window(row: Row) -> Row:
    """The other way round: the columns of a row as fields of a record."""
    window = Window(start=row["window_start"], end=row["window_end"])
    fields = {name: value for name, value in row.items() if name not in ("window_start", "window_end")}
    return fields | {"window": window}


def same_window(table: sa.Table, window: Span) -> sa.ColumnElement[bool]:
    """The rows of exactly this window."""
    return (table.c.window_start == window.start) & (table.c.window_end == window.end)
