"""The warehouse that people grow into: the same promises on Snowflake, through its Python connector.

Lake objects come through an external stage over `lake/`. Snowflake enforces no primary key, so loaders take turns
on the row of `raw.load_turn`: its update is held until the transaction ends, and the ledger is read after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import pyarrow as pa
import pyarrow.parquet as pq

from expectations.declare.errors import Misconfigured, Unavailable
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
    naive_utc,
)
from tasks.adapters.warehouse.copies import COLUMNS_OF, Copy

STAGED_PREFIX = "lake/"
TURN = "raw.load_turn"
# Timestamps mean UTC without a zone, whatever the account's defaults say.
_TYPES = {"timestamp": "timestamp_ntz", "bigint": "number(38, 0)"}
LOGIN_SECONDS, NETWORK_SECONDS = 30, 120


class Account(Protocol):
    """Where and as whom to connect (`tasks.settings.SnowflakeSettings`)."""

    account: str
    user: str
    private_key_file: str
    role: str
    warehouse: str
    database: str
    stage: str


def snowflake_warehouse(account: Account) -> SnowflakeWarehouse:
    """The warehouse of an account; raises `Misconfigured` if a setting is missing."""
    for name in ("account", "user", "private_key_file"):
        if not getattr(account, name):
            raise Misconfigured(f"the setting PLUMBLINE_SNOWFLAKE_{name.upper()} is empty", do="Set it")
    if not Path(account.private_key_file).is_file():
        raise Misconfigured(
            "the private key of Snowflake is not there",
            where=account.private_key_file,
            do="Correct PLUMBLINE_SNOWFLAKE_PRIVATE_KEY_FILE",
        )
    arguments = {
        "account": account.account,
        "user": account.user,
        "private_key_file": account.private_key_file,
        "role": account.role,
        "warehouse": account.warehouse,
        "database": account.database,
    }
    return SnowflakeWarehouse(arguments, account.stage)


@dataclass
class SnowflakeWarehouse:
    """See `base.Warehouse`. Raises `Unavailable` (no answer) or `Misconfigured` (refused) when it connects."""

    arguments: dict[str, Any] = field(repr=False)
    stage: str

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        opened = self.__dict__.pop("connection", None)
        if opened is not None:
            opened.close()

    @cached_property
    def connection(self) -> Any:  # noqa: ANN401 - the connector is untyped and imported late
        """The connection of this `with` block."""
        import snowflake.connector
        from snowflake.connector import errors

        limits = {"login_timeout": LOGIN_SECONDS, "network_timeout": NETWORK_SECONDS}
        try:
            return snowflake.connector.connect(
                **self.arguments, **limits, paramstyle="qmark", session_parameters={"TIMEZONE": "UTC"}
            )
        except (errors.OperationalError, errors.InterfaceError) as error:
            raise Unavailable(
                f"Snowflake did not answer within {LOGIN_SECONDS} s (error {error.errno})",
                where=str(self.arguments.get("account")),
                do="See status.snowflake.com, and the network policy of the account",
            ) from error
        except errors.DatabaseError as error:
            raise Misconfigured(
                f"Snowflake refused the connection (error {error.errno})",
                where=f"{self.arguments.get('user')} at {self.arguments.get('account')}",
                do="Check the PLUMBLINE_SNOWFLAKE_ settings and the public key of the user",
            ) from error

    def ensure_raw(self, table: str) -> None:
        """See `base.Warehouse.ensure_raw`."""
        for statement in ensure_statements(table):
            self.execute(statement)

    def load(self, table: str, objects: Sequence[LakeFile], delivery: Delivery) -> list[str]:
        """See `base.Warehouse.load`."""
        self.execute("begin")
        try:
            self.execute(f"update {TURN} set taken_at = ?", [naive_utc(datetime.now(UTC))])  # noqa: S608 - a constant
            known = self.query(f"select object_key, etag from {LEDGER} where table_name = ?", [table])  # noqa: S608 - a constant
            wanted = missing(objects, known)
            for item in wanted:
                self._load_one(table, item, delivery)
            self.execute(f"delete from {_arriving(table)}")  # noqa: S608 - names from the declaration
            self.execute("commit")
        except BaseException:
            # Also for Ctrl-C: the session may live on in a longer `with` block.
            self.execute("rollback")
            raise
        return [item.key for item in wanted]

    def _load_one(self, table: str, item: LakeFile, delivery: Delivery) -> None:
        arriving = _arriving(table)
        self.execute(f"delete from {arriving}")  # noqa: S608 - names from the declaration
        self.execute(copy_statement(table, self.stage, item.key))
        counted(item, self.query(f"select count(*) from {arriving}")[0][0])  # noqa: S608 - names from the declaration
        sequence = self.query(f"select coalesce(max(load_seq), 0) + 1 from {LEDGER}")[0][0]  # noqa: S608 - a constant
        entry = ledger_row(table, item, delivery, int(sequence))
        loaded_at = entry[list(LEDGER_COLUMNS).index("loaded_at")]
        lake = ", ".join(LAKE_COLUMNS)
        columns = f"{lake}, {', '.join(LOADED_COLUMNS)}"
        self.execute(f"insert into {table} ({columns}) select {lake}, ?, ? from {arriving}", [loaded_at, sequence])  # noqa: S608 - names from the declaration
        marks = ", ".join("?" * len(entry))
        self.execute(f"insert into {LEDGER} ({', '.join(map(_name, LEDGER_COLUMNS))}) values ({marks})", entry)  # noqa: S608 - a constant

    def query(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
        """See `base.Warehouse.query`."""
        with closing(self.connection.cursor()) as cursor:
            return [tuple(row) for row in cursor.execute(sql, params or None).fetchall()]

    def frame(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> pa.Table:
        """See `base.Warehouse.frame`."""
        with closing(self.connection.cursor()) as cursor:
            table: pa.Table = cursor.execute(sql, params or None).fetch_arrow_all(force_return_table=True)
        return table.rename_columns([name.lower() for name in table.column_names])

    def execute(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> None:
        """See `base.Warehouse.execute`."""
        with closing(self.connection.cursor()) as cursor:
            cursor.execute(sql, params or None)

    def put(self, copy: Copy) -> None:
        """See `base.Warehouse.put`."""
        for statement in copy.making(_TYPES):
            self.execute(statement)
        known = [str(name) for (name,) in self.query(COLUMNS_OF, copy.place)]
        for statement in copy.widening(known, _TYPES):
            self.execute(statement)
        insert = copy.inserting(f"values ({', '.join('?' * len(copy.columns))})")
        waiting = self._sent(copy) if copy.bulk is not None else None
        self.execute("begin")
        try:
            self.execute(copy.removing)
            if waiting:
                self.execute(copy.inserting(f"select {copy.names} from {waiting}"))  # noqa: S608 - declared names
                self.execute(f"delete from {waiting}")  # noqa: S608 - declared names
            with closing(self.connection.cursor()) as cursor:
                for rows in copy.parts():
                    cursor.executemany(insert, rows)
            self.execute("commit")
        except BaseException:
            # Also for Ctrl-C: the session may live on in a longer `with` block.
            self.execute("rollback")
            raise

    def _sent(self, copy: Copy) -> str:
        """Upload many rows beside the table of a copy, before its transaction, which an upload would end."""
        from snowflake.connector.pandas_tools import write_pandas

        waiting = copy.arriving
        for statement in waiting.making(_TYPES):
            self.execute(statement)
        self.execute(waiting.removing)
        rows = copy.arrow().to_pandas()
        rows.columns = [column.upper() for column in rows.columns]
        schema, _, name = waiting.table.upper().partition(".")
        if len(rows):
            write_pandas(self.connection, rows, name, schema=schema, use_logical_type=True)
        return waiting.table

    def relations(self, schema: str) -> list[str]:
        """See `base.Warehouse.relations`."""
        found = "select lower(table_name) from information_schema.tables where lower(table_schema) = ? order by 1"
        return [str(name) for (name,) in self.query(found, [schema])]

    def export(self, relation: str, path: Path) -> int:
        """See `base.Warehouse.export`."""
        table = self.frame(f"select * from {relation}")  # noqa: S608 - declared names
        pq.write_table(table, path, compression="zstd", compression_level=1)
        return int(table.num_rows)

    def restore(self, relation: str, files: Sequence[Path]) -> None:
        """See `base.Warehouse.restore`."""
        from snowflake.connector.pandas_tools import write_pandas

        schema, _, name = relation.upper().partition(".")
        found = pa.concat_tables([pq.read_table(path) for path in files])
        typed = ", ".join(f"{_name(column.name)} {_type_of(column.type)}" for column in found.schema)
        self.execute(f"create schema if not exists {schema}")
        self.execute(f"create or replace table {relation} ({typed})")
        rows = found.to_pandas().drop_duplicates()
        rows.columns = [column.upper() for column in rows.columns]
        write_pandas(self.connection, rows, name, schema=schema, use_logical_type=True)


def ensure_statements(table: str) -> list[str]:
    """What makes the place for a raw table; each may run any number of times."""
    return [
        "create schema if not exists raw",
        _create(LEDGER, LEDGER_COLUMNS, key="table_name, object_key, etag"),
        f"create table if not exists {TURN} (taken_at timestamp_ntz)",
        f"insert into {TURN} select null where not exists (select 1 from {TURN})",  # noqa: S608 - a constant
        _create(table, LAKE_COLUMNS | LOADED_COLUMNS),
        _create(_arriving(table), LAKE_COLUMNS, kind="transient table"),
    ]


def copy_statement(table: str, stage: str, key: str) -> str:
    """Copy one lake object; `force` because the ledger decides, not Snowflake's memory of 64 days."""
    file = key.removeprefix(STAGED_PREFIX).replace("'", "''")
    return (
        f"copy into {_arriving(table)} from @{stage} files = ('{file}')"
        " file_format = (type = parquet use_logical_type = true)"
        " match_by_column_name = case_insensitive on_error = abort_statement force = true"
    )


def _create(table: str, columns: Mapping[str, str], *, kind: str = "table", key: str = "") -> str:
    typed = {_name(name): _TYPES.get(sql_type, sql_type) for name, sql_type in columns.items()}
    unique = f",\n    primary key ({key})" if key else ""
    return f"create {kind} if not exists {table} (\n    {columns_ddl(typed)}{unique}\n)"


def _name(column: str) -> str:
    # A reserved word of Snowflake; quoted in capitals it is the same name on both engines.
    return '"ROWS"' if column == "rows" else column


def _type_of(kind: pa.DataType) -> str:
    """The column type for what `export` writes of it."""
    if pa.types.is_decimal(kind):
        return f"number({kind.precision}, {kind.scale})"
    named = {"int64": "number(38, 0)", "date32[day]": "date", "timestamp[us]": "timestamp_ntz", "bool": "boolean"}
    return named.get(str(kind), "varchar")


def _arriving(table: str) -> str:
    # Not a temporary table: creating one would end a transaction. It is empty outside of a load.
    return f"{table}__arriving"
