"""A table that is copied into the warehouse from outside: its rows give way to new ones in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

# Snowflake binds up to 65 280 values in a statement; above that it stages them, which would end the transaction.
BINDS_AT_MOST = 60_000
COLUMNS_OF = (
    "select lower(column_name) from information_schema.columns where lower(table_schema) = ? and lower(table_name) = ?"
)


@dataclass(frozen=True)
class Copy:
    """Rows for `table` (`schema.name`) in the order of `columns` (name to SQL type of both engines).

    Many rows are given as an Arrow table with these columns: they travel in one piece, not as bound values.
    `instead_of` is the condition of the rows that they replace, in the words of both engines; all of them by default.
    """

    table: str
    columns: Mapping[str, str]
    rows: Sequence[tuple[Any, ...]] | pa.Table
    instead_of: str = "true"

    @property
    def names(self) -> str:
        """The column list."""
        return ", ".join(self.columns)

    @property
    def place(self) -> list[str]:
        """The parameters of `COLUMNS_OF`."""
        return self.table.lower().split(".")

    def making(self, types: Mapping[str, str]) -> list[str]:
        """What creates schema and table where they are missing; `types` are the engine's own words for types."""
        schema, _, _ = self.table.partition(".")
        listed = ",\n    ".join(f"{name} {types.get(kind, kind)}" for name, kind in self.columns.items())
        return [
            f"create schema if not exists {schema}",
            f"create table if not exists {self.table} (\n    {listed}\n)",
        ]

    def widening(self, known: Sequence[str], types: Mapping[str, str]) -> list[str]:
        """What adds the columns that an older version did not know."""
        return [
            f"alter table {self.table} add column {name} {types.get(kind, kind)}"
            for name, kind in self.columns.items()
            if name not in known
        ]

    @property
    def removing(self) -> str:
        """The first statement of the transaction."""
        return f"delete from {self.table} where {self.instead_of}"  # noqa: S608 - names and conditions of the product

    def inserting(self, rows: str) -> str:
        """The statement that inserts; `rows` is a VALUES list or a query."""
        return f"insert into {self.table} ({self.names}) {rows}"

    @property
    def bulk(self) -> pa.Table | None:
        """The rows where they came as an Arrow table, in the order of the columns."""
        return self.rows.select(list(self.columns)) if isinstance(self.rows, pa.Table) else None

    @property
    def arriving(self) -> Copy:
        """The same rows for a table beside this one, where they wait for the transaction."""
        return replace(self, table=f"{self.table}__arriving", instead_of="true")

    def parts(self) -> Iterator[Sequence[tuple[Any, ...]]]:
        """The rows, so many at a time that they can be bound to one statement."""
        if isinstance(self.rows, pa.Table):
            return
        size = BINDS_AT_MOST // len(self.columns)
        for start in range(0, len(self.rows), size):
            yield self.rows[start : start + size]

    def arrow(self) -> pa.Table:
        """The rows as an Arrow table."""
        if isinstance(self.rows, pa.Table):
            return self.rows.select(list(self.columns))
        columns = list(zip(*self.rows, strict=True)) or [()] * len(self.columns)
        return pa.table([pa.array(column) for column in columns], names=list(self.columns))
