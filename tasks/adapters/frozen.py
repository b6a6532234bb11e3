"""What a frozen stream may not send: keys that nobody declared, and values that do not fit their field.

It is asked of the sealed file before anything of it is uploaded, and only of streams whose declaration says `freeze`;
a stream without that word pays nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from expectations.declare.contract import Contract
from expectations.declare.field import Field

_KEYS = "select unnest(json_keys(_airbyte_data)) as name from read_parquet(?)"
# Whether a value (`v` as text, `t` its JSON type) is no value of a type; types that are not named take every scalar.
_UNFIT = {
    "integer": "t not in ('BIGINT', 'UBIGINT') and try_cast(v as bigint) is null or t = 'DOUBLE'",
    "decimal": "try_cast(v as decimal(38, 9)) is null",
    "boolean": "t <> 'BOOLEAN' and lower(v) not in ('true', 'false')",
    "date": "try_cast(v as date) is null",
    "date_compact": "try_strptime(v, '%Y%m%d') is null",
    "timestamp": "try_cast(v as timestamptz) is null",
    **dict.fromkeys(("epoch_seconds", "epoch_millis", "epoch_micros"), "try_cast(v as bigint) is null"),
}


@dataclass(frozen=True)
class Change:
    """One difference from a frozen contract: the rule, the field or key, and in how many rows."""

    rule: str
    place: str
    count: int


def changes(connection: duckdb.DuckDBPyConnection, sealed: Path, promised: Contract) -> list[Change]:
    """Every change against the frozen part of a contract in one sealed file; nothing for a stream without any."""
    if not promised.frozen:
        return []
    with connection.cursor() as cursor:
        found = _undeclared(cursor, sealed, promised.payload_keys) if promised.stream.mode == "freeze" else []
        for field in promised.frozen:
            found += _of_field(cursor, sealed, field) if field.path else []
        return found


def _undeclared(cursor: duckdb.DuckDBPyConnection, sealed: Path, keys: Sequence[str]) -> list[Change]:
    counted = f"select name, count(*) from ({_KEYS}) where not list_contains(?, name) group by name order by name"  # noqa: S608 - constants
    rows = cursor.execute(counted, [str(sealed), list(keys)]).fetchall()
    return [Change("undeclared_field", str(name), int(count)) for name, count in rows]


def _of_field(cursor: duckdb.DuckDBPyConnection, sealed: Path, field: Field) -> list[Change]:
    unfit = _UNFIT.get(field.type, "t in ('OBJECT', 'ARRAY')")
    counted = f"""
        select
            count(*) filter (where coalesce(t, 'NULL') = 'NULL'),
            count(*) filter (where t <> 'NULL' and ({unfit})),
            count(*) filter (where t <> 'NULL' and not list_contains($allowed, v))
        from (
            select json_type(_airbyte_data, $path) as t, json_extract_string(_airbyte_data, $path) as v
            from read_parquet($file)
        )
    """  # noqa: S608 - constants
    path = "$" + "".join(f'."{step}"' for step in field.path)
    allowed = list(field.one_of)
    [(empty, wrong, outside)] = cursor.execute(
        counted, {"path": path, "file": str(sealed), "allowed": allowed}
    ).fetchall()
    told = [
        ("missing_field", empty if not field.nullable else 0),
        ("retyped_field", wrong),
        ("outside", outside if field.one_of else 0),
    ]
    return [Change(rule, field.name, int(count)) for rule, count in told if count]
