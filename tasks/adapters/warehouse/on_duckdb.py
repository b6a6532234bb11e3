"""The embedded warehouse: one DuckDB file, opened late and closed at once, under the writer lock.

The settings are measured: zstd on the payload column makes a load four times faster and the file four times
smaller, and so does giving up insertion order (no row relies on it: file and line number are columns).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import duckdb
import pyarrow as pa

from expectations.declare.errors import Unavailable
from tasks.adapters.warehouse.base import (
    LAKE_COLUMNS,
    LEDGER,
    LEDGER_COLUMNS,
    LOADED_COLUMNS,
    Delivery,
    LakeFile,
    Row,
    columns_ddl,
    counted,
    ledger_row,
    missing,
)
from tasks.adapters.warehouse.copies import COLUMNS_OF, Copy
from tasks.adapters.warehouse.lock import writer_lock

LOOK_AGAIN_SECONDS = 0.2
_RAW = LAKE_COLUMNS | LOADED_COLUMNS | {"_airbyte_data": "varchar using compression zstd"}


class Limits(Protocol):
    """How much of the machine the warehouse may use (`tasks.settings.WarehouseSettings`)."""

    @property
    def memory_limit(self) -> str: ...

    @property
    def threads(self) -> int: ...

    @property
    def lock_seconds(self) -> float: ...


def duckdb_warehouse(limits: Limits, file: Path, *, name: str = "") -> DuckDBWarehouse:
    """The warehouse in a file, which need not exist yet; `name` is what the writer lock shows."""
    return DuckDBWarehouse(file.absolute(), limits.memory_limit, limits.threads, limits.lock_seconds, name=name)


@dataclass
class DuckDBWarehouse:
    """See `base.Warehouse`. Raises `Unavailable` when the file stays locked."""

    file: Path
    memory_limit: str
    threads: int
    lock_seconds: float
    name: str = field(default="", kw_only=True)

    def __enter__(self) -> Self:
        self._open = ExitStack()
        self._open.enter_context(writer_lock(self.file, seconds=self.lock_seconds, name=self.name))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.__dict__.pop("connection", None)
        self._open.close()

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection of this `with` block."""
        config = {
            "memory_limit": self.memory_limit,
            "threads": self.threads,
            "temp_directory": f"{self.file}.tmp",
        }
        opened = self._open.enter_context(_connected(self.file, config, self.lock_seconds))
        opened.execute("set timezone = 'UTC'")
        return opened

    def ensure_raw(self, table: str) -> None:
        """See `base.Warehouse.ensure_raw`."""
        ledger = f"{columns_ddl(LEDGER_COLUMNS)},\n    primary key (table_name, object_key, etag)"
        self.connection.execute("create schema if not exists raw")
        self.connection.execute(f"create table if not exists {LEDGER} (\n    {ledger}\n)")
        self.connection.execute(f"create table if not exists {table} (\n    {columns_ddl(_RAW)}\n)")

    def load(self, table: str, objects: Sequence[LakeFile], delivery: Delivery) -> list[str]:
        """See `base.Warehouse.load`."""
        known = f"select object_key, etag from {LEDGER} where table_name = ?"  # noqa: S608 - a constant
        self.connection.execute("set preserve_insertion_order = false")
        self.connection.execute("begin")
        try:
            wanted = missing(objects, self.query(known, [table]))
            for item in wanted:
                self._load_one(table, item, delivery)
            self.connection.execute("commit")
        except BaseException:
            # Also for Ctrl-C: the connection may live on in a longer `with` block.
            self.connection.execute("rollback")
            raise
        finally:
            self.connection.execute("reset preserve_insertion_order")
        return [item.key for item in wanted]

    def _load_one(self, table: str, item: LakeFile, delivery: Delivery) -> None:
        sequence = self.query(f"select coalesce(max(load_seq), 0) + 1 from {LEDGER}")[0][0]  # noqa: S608 - a constant
        entry = ledger_row(table, item, delivery, sequence)
        loaded_at = entry[list(LEDGER_COLUMNS).index("loaded_at")]
        lake = ", ".join(LAKE_COLUMNS)
        insert = f"insert into {table} select {lake}, ?::timestamp, ?::bigint from read_parquet(?)"  # noqa: S608 - names from the declaration
        with item.fetch() as path:
            rows = self.query(insert, [loaded_at, sequence, str(path)])[0][0]
        counted(item, rows)
        marks = ", ".join("?" * len(entry))
        self.connection.execute(f"insert into {LEDGER} values ({marks})", entry)  # noqa: S608 - a constant

    def query(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
        """See `base.Warehouse.query`."""
        return self.connection.execute(sql, params).fetchall()

    def frame(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> pa.Table:
        """See `base.Warehouse.frame`."""
        table: pa.Table = self.connection.sql(sql, params=params or None).to_arrow_table()
        return table.rename_columns([name.lower() for name in table.column_names])

    def execute(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> None:
        """See `base.Warehouse.execute`."""
        self.connection.execute(sql, params)

    def put(self, copy: Copy) -> None:
        """See `base.Warehouse.put`."""
        for statement in copy.making({}):
            self.execute(statement)
        known = [str(name) for (name,) in self.query(COLUMNS_OF, copy.place)]
        self.execute("begin")
        try:
            for statement in [*copy.widening(known, {}), copy.removing]:
                self.execute(statement)
            if len(copy.rows):
                self.connection.register("arriving_copy", copy.arrow())
                self.execute(copy.inserting(f"select {copy.names} from arriving_copy"))  # noqa: S608 - declared names
            self.execute("commit")
        except BaseException:
            self.execute("rollback")
            raise
        finally:
            self.connection.unregister("arriving_copy")

    def relations(self, schema: str) -> list[str]:
        """See `base.Warehouse.relations`."""
        found = "select table_name from information_schema.tables where table_schema = ? order by 1"
        return [str(name) for (name,) in self.query(found, [schema])]

    def export(self, relation: str, path: Path) -> int:
        """See `base.Warehouse.export`."""
        # zstd 1 was smaller and faster than 3 (measured).
        options = "format parquet, compression zstd, compression_level 1"
        return int(self.query(f"copy (select * from {relation}) to ? ({options})", [str(path)])[0][0])  # noqa: S608 - declared names

    def restore(self, relation: str, files: Sequence[Path]) -> None:
        """See `base.Warehouse.restore`."""
        self.connection.execute(f"create schema if not exists {relation.partition('.')[0]}")
        kept = [str(path) for path in files]
        self.connection.execute(f"create or replace table {relation} as select distinct * from read_parquet(?)", [kept])  # noqa: S608 - declared names


def _connected(file: Path, config: dict[str, Any], seconds: float) -> duckdb.DuckDBPyConnection:
    """Open the file, waiting for programs that do not know the writer lock (a notebook, say)."""
    began = time.monotonic()
    while True:
        try:
            return duckdb.connect(str(file), config=config)
        except duckdb.IOException as error:
            if time.monotonic() - began >= seconds:
                raise Unavailable(
                    f"the warehouse file could not be opened for {seconds:g} s",
                    where=str(file),
                    do="Another program has it open without asking for the lock: close it, and read "
                    "published/current instead",
                ) from error
        time.sleep(LOOK_AGAIN_SECONDS)
