"""What the sources said about people, brought up to date from staging: which record carries which identifier.

One pass of SQL in the engine per stream and only over rows that are new since the last time; what it keeps grows with
records, not with page views, because a browser that meets no other identifier is not written down. The declarations say
which columns carry what (`identifies`, `merges`). Which records have something new is noted with it (`touched`), until
`people` has put the answer.
"""

# ruff: noqa: S608 - names from the declarations, and values of the deny list, which are quoted

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from expectations.declare.identity import Identifies, Merges
from expectations.declare.source import load_all
from expectations.declare.stream import Stream
from tasks.adapters.normal_form import NOBODY, denied_values
from tasks.adapters.warehouse.base import Row, Warehouse
from tasks.adapters.warehouse.copies import COLUMNS_OF, Copy
from tasks.build.links import IDENTIFIER_KEY, KEYS, RECORD_KEY

SCHEMA = "identity"
OBSERVATIONS = f"{SCHEMA}.observations"
STATED_MERGES = f"{SCHEMA}.stated_merges"
PROGRESS = f"{SCHEMA}.progress"
TOUCHED = f"{SCHEMA}.touched"
ARRIVING = f"{OBSERVATIONS}__arriving"
KNOWN = f"{OBSERVATIONS}__known"
COLUMNS = {
    "source": "varchar",
    "stream": "varchar",
    "record_id": "varchar",
    "identifier_type": "varchar",
    "identifier_token": "varchar",
    "seen_at": "timestamp",
}
# A merge that a system made itself: its record `merged_token` went into `kept_token`.
MERGE_COLUMNS = {
    "source": "varchar",
    "stream": "varchar",
    "identifier_type": "varchar",
    "kept_token": "varchar",
    "merged_token": "varchar",
    "stated_at": "timestamp",
}
PROGRESS_COLUMNS = {"source": "varchar", "stream": "varchar", "words": "varchar", "load_seq": "bigint"}
TOUCHED_COLUMNS = {"record_id": "varchar"}
EVERYTHING = "*"  # touched instead of a record: a stream was read from its beginning
_TABLES = {
    OBSERVATIONS: COLUMNS | KEYS,
    STATED_MERGES: MERGE_COLUMNS,
    PROGRESS: PROGRESS_COLUMNS,
    TOUCHED: TOUCHED_COLUMNS,
}
_NAMES = ", ".join(COLUMNS | KEYS)


@dataclass(frozen=True)
class Seen:
    """How far observations reach: the highest load sequence by stream, as a text that changes with it."""

    streams: int
    mark: str


def ensure_observations(warehouse: Warehouse) -> None:
    """Create the tables of this module where they are missing."""
    known = warehouse.relations(SCHEMA)
    for table, columns in _TABLES.items():
        if table.rpartition(".")[2] not in known:
            warehouse.put(Copy(table, columns, []))
    _number(warehouse)


def _number(warehouse: Warehouse) -> None:
    """Number the observations again if an older version did not, or the engine came to count otherwise."""
    if "record_key" not in {name for (name,) in warehouse.query(COLUMNS_OF, OBSERVATIONS.split("."))}:
        warehouse.put(Copy(OBSERVATIONS, COLUMNS | KEYS, [], instead_of="false"))
    one = f"(select record_id, record_key from {OBSERVATIONS} limit 1) as one"
    if warehouse.query(f"select 1 from {one} where record_key is distinct from {RECORD_KEY}"):
        warehouse.execute(f"update {OBSERVATIONS} set record_key = {RECORD_KEY}, identifier_key = {IDENTIFIER_KEY}")


def observe(warehouse: Warehouse) -> Seen:
    """Bring the observations of every stream up to date; a stream without a staging model has none.

    Each stream is one transaction with its mark: killed between two streams, the next run goes on. A stream whose
    declaration changed is read again from its beginning, and so is one whose staging was built anew.
    """
    ensure_observations(warehouse)
    staged = set(warehouse.relations("staging"))
    known = {(row[0], row[1]): row for row in warehouse.query(f"select {', '.join(PROGRESS_COLUMNS)} from {PROGRESS}")}
    marks = []
    for stream in _streams():
        if stream.staging_model in staged:
            marks.append(_observe(warehouse, stream, known.get((stream.source, stream.name))))
    return Seen(len(marks), ";".join(marks))


def _streams() -> Iterator[Stream]:
    for declaration in load_all().values():
        yield from (stream for stream in declaration.streams.values() if stream.identifies or stream.merges)


def _observe(warehouse: Warehouse, stream: Stream, known: Row | None) -> str:
    words = words_of(stream)
    if not _columns_of(stream) <= _staged(warehouse, stream):
        return f"{stream.suite}:{words}:not yet"
    newest = int(warehouse.query(f"select coalesce(max(_load_seq), 0) from staging.{stream.staging_model}")[0][0])
    began = known is not None and known[2] == words and int(known[3]) <= newest
    since = int(known[3]) if known and began else 0
    if not began or newest > since:
        _take(warehouse, stream, since=since, words=words, newest=newest)
    return f"{stream.suite}:{words}:{newest}"


def _columns_of(stream: Stream) -> set[str]:
    """The staging columns that the declaration names; a new one is there after the next refresh of the source."""
    fields = {name for entry in stream.identifies for name in (*entry.by.values(), *entry.record)}
    fields |= {stream.merges.into, stream.merges.merged} if stream.merges else set()
    return {stream.fields[name].column for name in fields}


def _staged(warehouse: Warehouse, stream: Stream) -> set[str]:
    return {str(name) for (name,) in warehouse.query(COLUMNS_OF, ["staging", stream.staging_model])}


def _take(warehouse: Warehouse, stream: Stream, *, since: int, words: str, newest: int) -> None:
    """Write down what is new of a stream, and how far it was read, in one transaction."""
    mine = f"source = '{stream.source}' and stream = '{stream.name}'"
    unseen = f"_load_seq > {since} and _load_seq <= {newest}"
    # An observation that is there already counts again only if it is older than was known. Both are gathered beside
    # the table, because creating a table ends a transaction on Snowflake.
    warehouse.execute(
        f"create or replace table {ARRIVING} as select found.*, {RECORD_KEY} as record_key,"
        f" {IDENTIFIER_KEY} as identifier_key from ({observations_sql(stream, unseen)}) as found"
    )
    again = f"{mine} and record_key in (select record_key from {ARRIVING})" if since else "false"
    warehouse.execute(f"create or replace table {KNOWN} as select {_NAMES} from {OBSERVATIONS} where {again}")
    merges = _merges(warehouse, stream, unseen) if stream.merges else []
    warehouse.execute("begin")
    try:
        if not since:
            warehouse.execute(f"delete from {OBSERVATIONS} where {mine}")
            warehouse.execute(f"delete from {STATED_MERGES} where {mine}")
        for statement in _joining(mine):
            warehouse.execute(statement)
        touched = f"select distinct record_id from {ARRIVING}" if since else f"values ('{EVERYTHING}')"
        warehouse.execute(f"insert into {TOUCHED} {touched}")
        for row in merges:
            _note(warehouse, row)
        warehouse.execute(f"delete from {PROGRESS} where {mine}")
        warehouse.execute(f"insert into {PROGRESS} values (?, ?, ?, ?)", [stream.source, stream.name, words, newest])
        warehouse.execute("commit")
    except BaseException:
        # Also for Ctrl-C: the connection may live on in a longer `with` block.
        warehouse.execute("rollback")
        raise
    for table in (ARRIVING, KNOWN):
        warehouse.execute(f"drop table if exists {table}")


def _joining(mine: str) -> list[str]:
    """Statements that put the arriving observations into the table: the earliest sight of each counts."""
    of_one = ("record_id", "identifier_type", "identifier_token")
    same = " and ".join(f"known.{name} = fresh.{name}" for name in of_one)
    older = " and ".join(f"older.{name} = observations.{name}" for name in (*KEYS, *of_one))
    return [
        f"delete from {ARRIVING} as fresh where exists"
        f" (select 1 from {KNOWN} as known where {same} and known.seen_at <= fresh.seen_at)",
        f"delete from {KNOWN} as known where not exists (select 1 from {ARRIVING} as fresh where {same})",
        f"delete from {OBSERVATIONS} where {mine} and exists (select 1 from {KNOWN} as older where {older})",
        f"insert into {OBSERVATIONS} ({_NAMES}) select {_NAMES} from {ARRIVING}",
    ]


def _note(warehouse: Warehouse, row: Row) -> None:
    """A stated merge counts once, with the first time at which it was stated."""
    same = "source = ? and stream = ? and identifier_type = ? and kept_token = ? and merged_token = ?"
    known = warehouse.query(f"select min(stated_at) from {STATED_MERGES} where {same}", list(row[:5]))[0][0]
    if known is None or row[5] < known:
        warehouse.execute(f"delete from {STATED_MERGES} where {same}", list(row[:5]))
        warehouse.execute(f"insert into {STATED_MERGES} values (?, ?, ?, ?, ?, ?)", list(row))
        warehouse.execute(f"insert into {TOUCHED} values (?)", [f"merge|{row[2]}|{row[3]}"])


def words_of(stream: Stream) -> str:
    """A short hash of everything that decides which observations a stream gives."""
    said = [entry.model_dump_json() for entry in (*stream.identifies, *([stream.merges] if stream.merges else []))]
    return hashlib.sha256("\n".join([*said, *denied_values()]).encode()).hexdigest()[:12]


def observations_sql(stream: Stream, condition: str = "true") -> str:
    """The observations of a stream in the order of `COLUMNS`; one row per record and identifier, its first sight."""
    names, parts = [], []
    for place, entry in enumerate(stream.identifies):
        name = f"rows_{place}"
        names.append(f"{name} as (\n{_rows(stream, entry, condition)}\n)")
        parts += [
            f"select record_id, '{kind}' as identifier_type, {kind} as identifier_token, seen_at"
            f" from {name} where {_of_somebody(kind)}"
            for kind in entry.by
        ]
    body = "\nunion all\n".join(parts) or "select '' as record_id, '', '', null where false"
    return (
        f"with {', '.join(names)}\nselect '{stream.source}' as source, '{stream.name}' as stream, record_id,"
        f" identifier_type, identifier_token, min(seen_at) as seen_at\nfrom (\n{body}\n) as found\n"
        "group by record_id, identifier_type, identifier_token"
    )


def _rows(stream: Stream, entry: Identifies, condition: str) -> str:
    """Distinct combinations of record and identifiers: page views of one visitor become one row here."""
    record = [stream.fields[name].column for name in entry.record or stream.key]
    kind = entry.record_type or f"{stream.source}.{stream.name}"
    key = " || '|' || ".join(f"trim(cast({column} as varchar))" for column in record)
    seen = entry.seen or (stream.dated.name if stream.dated else stream.cursor) or ""
    columns = {name: f"trim(cast({stream.fields[field].column} as varchar))" for name, field in entry.by.items()}
    present = " or ".join(f"{stream.fields[field].column} is not null" for field in entry.by.values())
    whole = [f"{column} is not null" for column in record]
    whole += [_of_somebody(f"trim(cast({column} as varchar))") for column in record] if entry.record else []
    listed = ", ".join(f"{sql} as {name}" for name, sql in columns.items())
    grouped = ", ".join(str(n) for n in range(1, len(columns) + 2))
    return (
        f"select '{kind}:' || {key} as record_id, {listed},"
        f" min(coalesce(cast({stream.fields[seen].column} as timestamp), _extracted_at)) as seen_at\n"
        f"from staging.{stream.staging_model}\nwhere {condition} and {' and '.join(whole)} and ({present})\n"
        f"group by {grouped}"
    )


def _of_somebody(value: str) -> str:
    """The condition that a value may belong to a person; what is personal was judged at seal, before it was keyed."""
    values = ", ".join("'" + text.replace("'", "''") + "'" for text in denied_values())
    filled = f"replace(replace(replace(replace({value}, '0', ''), '-', ''), '.', ''), ' ', '') <> ''"
    return f"{filled} and {value} not like '{NOBODY}%' and lower({value}) not in ({values})"


def _merges(warehouse: Warehouse, stream: Stream, unseen: str) -> list[Row]:
    """The merges that new rows state: they are few, and their lists are cut here."""
    rule = stream.merges
    if rule is None:
        return []
    kept, gone = stream.fields[rule.into].column, stream.fields[rule.merged].column
    seen = stream.fields[stream.cursor].column if stream.cursor else "_extracted_at"
    asked = f"select cast({kept} as varchar), cast({gone} as varchar), min({seen}) from staging.{stream.staging_model}"
    found = warehouse.query(f"{asked} where {unseen} and {kept} is not null and {gone} is not null group by 1, 2")
    return sorted(
        (stream.source, stream.name, rule.identifier, str(kept_id).strip(), merged, at)
        for kept_id, listed, at in found
        for merged in _ids(rule, str(listed))
        if merged != str(kept_id).strip()
    )


def _ids(rule: Merges, listed: str) -> list[str]:
    return [part.strip() for part in listed.split(rule.separator) if part.strip()]
