"""What the product asks of a warehouse; everything else about it is dbt.

Both engines keep one promise: the rows of a delivery and its ledger entries are committed together or not
at all, and what the ledger knows is never loaded again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import pyarrow as pa

from expectations.declare.errors import ContractBroken
from tasks.adapters.warehouse.copies import Copy

Row = tuple[Any, ...]

LEDGER = "raw.load_ledger"
# Column and SQL type of the sealed part of a raw row, on both engines; the loader adds LOADED_COLUMNS.
LAKE_COLUMNS = {
    "_airbyte_raw_id": "varchar",
    "_airbyte_extracted_at": "timestamp",
    "_airbyte_meta": "varchar",
    "_airbyte_generation_id": "bigint",
    "_airbyte_data": "varchar",
    "_source_file": "varchar",
    "_source_row": "bigint",
    "_sync_id": "bigint",
    "_tokens": "varchar",
}
LOADED_COLUMNS = {"_loaded_at": "timestamp", "_load_seq": "bigint"}
# `content` is an order-free checksum of the payloads: two objects of one sync that agree were delivered twice.
LEDGER_COLUMNS = {
    "table_name": "varchar",
    "object_key": "varchar",
    "etag": "varchar",
    "rows": "bigint",
    "source": "varchar",
    "stream": "varchar",
    "sync_id": "bigint",
    "window_start": "timestamp",
    "window_end": "timestamp",
    "loaded_at": "timestamp",
    "load_seq": "bigint",
    "content": "varchar",
}


@dataclass(frozen=True)
class LakeFile:
    """One sealed object; `fetch` hands out a local copy for as long as its `with` block lasts."""

    key: str
    etag: str
    rows: int
    content: str
    fetch: Callable[[], AbstractContextManager[Path]]


@dataclass(frozen=True)
class Delivery:
    """Whose rows they are: one stream of one finished sync, for one window (UTC)."""

    source: str
    stream: str
    sync_id: int
    window_start: datetime
    window_end: datetime


class Warehouse(Protocol):
    """A warehouse that is open for one writer inside its `with` block; it connects at the first statement."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None: ...

    def ensure_raw(self, table: str) -> None:
        """Create the schema `raw`, the ledger and this table (`raw.<source>__<stream>`) unless they are there."""

    def load(self, table: str, objects: Sequence[LakeFile], delivery: Delivery) -> list[str]:
        """Load what the ledger lacks, rows and ledger in one transaction; return the keys loaded now.

        Raises `ContractBroken` for an object that the ledger knows with another etag, or whose rows do not count up.
        """

    def query(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
        """The rows of a statement; parameters are written as `?`."""

    def frame(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> pa.Table:
        """The result of a query as an Arrow table, column names in lower case."""

    def execute(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> None:
        """Run a statement and commit it."""

    def put(self, copy: Copy) -> None:
        """Put the rows of a copy in place of those that they replace, in one transaction; make the table first."""

    def relations(self, schema: str) -> list[str]:
        """Names of the tables and views of a schema, in order of the alphabet."""

    def export(self, relation: str, path: Path) -> int:
        """Write a relation to one Parquet file (zstd) and return its number of rows."""

    def restore(self, relation: str, files: Sequence[Path]) -> None:
        """Create a table, instead of one that is there, of the rows of files as `export` wrote them, each once."""


def missing(objects: Sequence[LakeFile], ledger: Sequence[Row]) -> list[LakeFile]:
    """The objects that are not in the ledger, given as rows (key, etag); a replaced object is refused."""
    known = {str(key): str(etag) for key, etag in ledger}
    for item in objects:
        if known.get(item.key, item.etag) != item.etag:
            raise ContractBroken(
                "a lake object that is loaded already has been replaced",
                where=f"{item.key}, etag {item.etag}, loaded with {known[item.key]}",
                do="Restore the sealed version of the object; the warehouse keeps what it loaded",
            )
    return [item for item in objects if item.key not in known]


def counted(item: LakeFile, rows: int) -> None:
    """Refuse an object that holds another number of rows than its manifest says."""
    if rows != item.rows:
        raise ContractBroken(
            f"a lake object holds {rows} rows, its manifest says {item.rows}",
            where=item.key,
            do="Nothing of this delivery was loaded. Remove its manifest to have it sealed again",
        )


def ledger_row(table: str, item: LakeFile, delivery: Delivery, sequence: int) -> list[Any]:
    """The ledger entry of an object in the order of `LEDGER_COLUMNS`; times without zone, UTC."""
    return [
        table,
        item.key,
        item.etag,
        item.rows,
        delivery.source,
        delivery.stream,
        delivery.sync_id,
        naive_utc(delivery.window_start),
        naive_utc(delivery.window_end),
        naive_utc(datetime.now(UTC)),
        sequence,
        item.content,
    ]


def naive_utc(at: datetime) -> datetime:
    """The same instant as the warehouses store it: UTC without a zone."""
    return at.astimezone(UTC).replace(tzinfo=None)


def columns_ddl(columns: Mapping[str, str]) -> str:
    """The column list of a CREATE TABLE."""
    return ",\n    ".join(f"{name} {kind}" for name, kind in columns.items())
