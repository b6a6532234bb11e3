"""DuckDB for SQLAlchemy, as far as stock expectations of Great Expectations need it: only `bench quality` uses it.

The library reads a result after its connection went back to the pool, and the published dialects for DuckDB lose it
then; here a cursor holds its rows. Reading only: transactions do nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
from sqlalchemy import pool, types
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.base import PGCompiler, PGIdentifierPreparer, PGTypeCompiler
from sqlalchemy.engine import URL, default

NAME = "plumbline_duckdb"
_KINDS: dict[str, type[types.TypeEngine[Any]]] = {
    "BIGINT": types.BigInteger, "INTEGER": types.Integer, "DATE": types.Date, "TIMESTAMP": types.DateTime,
    "BOOLEAN": types.Boolean, "DOUBLE": types.Float,
}  # fmt: skip


class Cursor:
    """The rows of one statement, kept until they are read; counts the statements of its connection."""

    rowcount, arraysize, lastrowid = -1, 1, None

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.description: list[tuple[Any, ...]] | None = None
        self._rows: list[tuple[Any, ...]] = []

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement to its last row."""
        self.connection.statements.append(statement)
        done = self.connection.duck.execute(statement, list(parameters))
        self.description = [(*column[:2], None, None, None, None, None) for column in done.description or []]
        self._rows = done.fetchall()

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows that were not read yet."""
        rows, self._rows = self._rows, []
        return rows

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row."""
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        """The next rows."""
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    def close(self) -> None:
        """The rows stay readable."""


class Connection:
    """One connection to a file; `statements` are those that were run on it."""

    def __init__(self, file: str) -> None:
        self.duck = duckdb.connect(file, config={"threads": 2})
        self.statements: list[str] = []

    def cursor(self) -> Cursor:
        """A cursor."""
        return Cursor(self)

    def commit(self) -> None:
        """Nothing was written."""

    rollback = commit

    def close(self) -> None:
        """Close the file."""
        self.duck.close()


class Dialect(default.DefaultDialect):
    """PostgreSQL's SQL, DuckDB's driver."""

    name = "duckdb"
    driver = "plumbline"
    supports_statement_cache = False
    supports_native_boolean = True
    statement_compiler = PGCompiler
    type_compiler_cls = PGTypeCompiler
    preparer = PGIdentifierPreparer
    default_paramstyle = "qmark"

    class _Driver:
        paramstyle, Error = "qmark", duckdb.Error

        @staticmethod
        def connect(file: str) -> Connection:
            return Connection(file)

    @classmethod
    def import_dbapi(cls) -> Any:  # noqa: ANN401 - the signature is the library's
        """The driver."""
        return cls._Driver

    @classmethod
    def get_pool_class(cls, url: URL) -> type[pool.Pool]:
        """One connection for all."""
        return pool.StaticPool

    def create_connect_args(self, url: URL) -> tuple[list[Any], dict[str, Any]]:
        """The file."""
        return [url.database], {}

    def initialize(self, connection: Any) -> None:  # noqa: ANN401
        """There is nothing to ask."""
        self.default_schema_name = "main"

    def do_rollback(self, dbapi_connection: Any) -> None:  # noqa: ANN401
        """Nothing was written."""

    def has_table(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> bool:  # noqa: ANN401
        """Whether the table is there."""
        return bool(self.get_columns(connection, table_name, schema))

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> list[Any]:  # noqa: ANN401
        """Names and types."""
        sql = "select column_name, data_type from information_schema.columns where table_name = ? and table_schema = ?"
        found = connection.exec_driver_sql(sql, (table_name, schema or "main")).fetchall()
        return [{"name": name, "type": _kind(kind), "nullable": True, "default": None} for name, kind in found]


def _kind(declared: str) -> types.TypeEngine[Any]:
    return types.Numeric() if declared.startswith("DECIMAL") else _KINDS.get(declared, types.String)()


registry.register(NAME, __name__, "Dialect")
