"""What a run left behind, as comparable text: every table, object, release and file, without wall-clock values."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from tasks.adapters.object_store import ObjectInfo, ObjectStore

# Columns that say when or by whom, never what. Two uninterrupted runs differ in these and in nothing else.
WALL_CLOCK = frozenset(
    {
        *("_loaded_at", "loaded_at", "measured_at", "at", "started_at", "finished_at", "published_at", "held_at"),
        *("opened_at", "last_seen_at", "recovered_at", "created_at", "sent_at", "applied_at", "set_at"),
        *("millis", "run", "pid", "host", "beat_at", "first_seen", "last_seen"),
        # People are known since the newest load, and a load happens when it happens.
        *("valid_from", "valid_to", "merged_at", "since", "until", "resolved_at"),
        # When a run made a row, and beside what was made before it.
        *("_made_at", "_orders_to", "_sessions_to", "_people_to", "_buyers_to", "_leads_to"),
        *("_conversions_to", "_touches_to"),
    }
)
# A run that died and one that continued both wrote outcomes: what must agree is what was done, not how often.
LOGS = {"outcomes": ("step", "source", "stream", "window_start", "window_end", "job_id")}
# Written for people and for machines that debug; nothing reads them back.
UNREAD = ("dbt", "logs")
PROBE = "stack/probe"  # of the S3 server's start

Left = Mapping[str, str]


def left_behind(home: Path, store: ObjectStore, scratch: Path) -> dict[str, str]:
    """Name and content of everything that the runs of a home left, each content as one short text."""
    found = dict(_warehouse(home / "warehouse.duckdb"))
    found |= _ops_store(home / "ops.sqlite")
    found |= {
        f"object {item.key}": _object(store, item, scratch.parent) for item in store.list("") if item.key != PROBE
    }
    found |= _files(home)
    # dbt-duckdb makes an empty folder for each invocation and leaves it when it is killed; nobody trips over that.
    found |= {f"temporary {path.relative_to(scratch)}": "" for path in scratch.rglob("*") if not path.is_dir()}
    return found


def differences(wanted: Left, found: Left) -> list[str]:
    """One line for each thing that is missing, too many or not the same."""
    lines = [f"missing: {name}" for name in sorted(wanted.keys() - found.keys())]
    lines += [f"too many: {name}" for name in sorted(found.keys() - wanted.keys())]
    same = sorted(wanted.keys() & found.keys())
    return lines + [f"{name}: {found[name]}, not {wanted[name]}" for name in same if found[name] != wanted[name]]


def consistent(home: Path, store: ObjectStore) -> list[str]:
    """What ledger, manifests and raw tables contradict each other in; each of them is read by itself."""
    with closing(duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)) as db:
        ledger = db.execute("select table_name, object_key, etag, rows, load_seq from raw.load_ledger").fetchall()
        counted = {
            (table, sequence): rows
            for table in {entry[0] for entry in ledger}
            for sequence, rows in db.execute(f"select _load_seq, count(*) from {table} group by 1").fetchall()  # noqa: S608 - from the ledger
        }
    sealed = {entry["key"]: entry for manifest in _manifests(store) for entry in manifest["objects"]}
    said = {(table, sequence): rows for table, _, _, rows, sequence in ledger if rows}
    loaded = {key: (etag, rows) for _, key, etag, rows, _ in ledger}
    promised = {key: (entry["etag"], entry["rows"]) for key, entry in sealed.items()}
    return [*_unlike("ledger and table", said, counted), *_unlike("ledger and manifest", loaded, promised)]


def _unlike(what: str, one: Mapping[Any, Any], other: Mapping[Any, Any]) -> list[str]:
    keys = sorted(one.keys() | other.keys())
    return [f"{what} of {key}: {one.get(key)}, {other.get(key)}" for key in keys if one.get(key) != other.get(key)]


def _object(store: ObjectStore, item: ObjectInfo, folder: Path) -> str:
    """Landing and lake byte for byte; what remembers when something was loaded, by its rows."""
    if not item.key.startswith("memory/") or not item.key.endswith(".parquet"):
        return item.etag
    path = folder / "compared.parquet"
    path.write_bytes(store.get(item.key))
    return _file(path)


def _manifests(store: ObjectStore) -> list[dict[str, Any]]:
    return [json.loads(store.get(item.key)) for item in store.list("lake/") if item.key.endswith("/manifest.json")]


def _warehouse(file: Path) -> Iterable[tuple[str, str]]:
    # The schema ops is a copy, as of the last publication, of the store that is compared itself; what is made of it
    # (operations and their measurements) is about the clock.
    with closing(duckdb.connect(str(file), read_only=True)) as db:
        every = (
            "select table_schema, table_name from information_schema.tables"
            " where table_schema not in ('ops', 'operations') and table_name <> 'measure_operations' order by all"
        )
        tables = db.execute(every).fetchall()
        for schema, table in tables:
            yield f"table {schema}.{table}", _digest(*_columns_of(db, f'"{schema}"."{table}"'))


def _columns_of(db: duckdb.DuckDBPyConnection, relation: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    described = [row[0] for row in db.execute(f"describe {relation}").fetchall()]
    names = [name for name in described if name not in WALL_CLOCK]
    quoted = ", ".join(f'"{name}"' for name in names)
    return names, db.execute(f"select {quoted} from {relation}").fetchall()  # noqa: S608 - from the catalogue


def _ops_store(file: Path) -> dict[str, str]:
    with closing(sqlite3.connect(file)) as db:
        tables = [name for (name,) in db.execute("select name from sqlite_master where type = 'table'")]
        return {f"ops {table}": _ops_table(db, table) for table in tables}


def _ops_table(db: sqlite3.Connection, table: str) -> str:
    every = [str(row[1]) for row in db.execute(f"pragma table_info({table})")]
    names = [name for name in every if name in LOGS.get(table, every) and name not in WALL_CLOCK]
    quoted = ", ".join(f'"{name}"' for name in names)
    distinct = "distinct" if table in LOGS else ""
    rows = db.execute(f"select {distinct} {quoted} from {table}").fetchall()  # noqa: S608 - from the catalogue
    return _digest(names, [tuple(_timeless(value) for value in row) for row in rows])


def _timeless(value: object) -> object:
    """A JSON text without its wall-clock keys; anything else as it is."""
    if not (isinstance(value, str) and value.startswith("{")):
        return value
    return json.dumps(_without_times(json.loads(value)), sort_keys=True)


def _without_times(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {key: _without_times(inner) for key, inner in value.items() if key not in WALL_CLOCK}
    return [_without_times(inner) for inner in value] if isinstance(value, list) else value


def _files(home: Path) -> dict[str, str]:
    ours = (path for path in sorted(home.rglob("*")) if path.relative_to(home).parts[0] not in UNREAD)
    return {f"file {path.relative_to(home)}": _file(path) for path in ours if not path.is_dir() or path.is_symlink()}


def _file(path: Path) -> str:
    if path.is_symlink():
        return f"-> {path.readlink()}"
    if path.suffix == ".parquet":
        with closing(duckdb.connect()) as db:
            return _digest(*_columns_of(db, f"'{path}'"))
    if path.name in ("held.json", "release.json"):
        return _digest(["json"], [(str(_timeless(path.read_text())),)])
    return ""  # the warehouse and the ops store are compared by their tables, locks by being there


def _digest(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> str:
    ordered = "\n".join(sorted(map(repr, rows)))
    mark = hashlib.sha256(f"{','.join(names)}\n{ordered}".encode()).hexdigest()[:12]
    return f"{len(rows)} rows {mark}"
