"""The answer of the identity graph, joined with what the schema `identity` knows: only differences are written.

What was resolved is compared with the current rows about the same identifiers, beside the tables. One transaction then
ends rows and adds rows, corrects aliases and forgets what was touched: it grows with the differences, and of the
history it reads the columns that it compares, once for each statement.
"""

# ruff: noqa: S608 - names of this package

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from tasks.adapters.warehouse.base import Warehouse
from tasks.adapters.warehouse.copies import Copy
from tasks.build.identity import GREW, HUGE
from tasks.build.observations import TOUCHED
from tasks.build.people import HELD, HELD_COLUMNS, ID_MAP, KEY, MERGE_COLUMNS, MERGES, QUARANTINE, SAID, STATE
from tasks.build.people_found import Found
from tasks.build.people_reached import SCOPE, TABLES

_ALIAS = {name: kind for name, kind in MERGE_COLUMNS.items() if name != "merged_at"}


@dataclass(frozen=True)
class _History:
    """A table whose rows say something about an identifier from one time until another; current ones have no end."""

    table: str
    said: dict[str, str]
    begins: str
    ends: str


_MAP = _History(ID_MAP, SAID, "valid_from", "valid_to")
_ASIDE = _History(QUARANTINE, {"reason": "varchar"}, "since", "until")


def write(warehouse: Warehouse, found: Found, at: datetime, mark: str, *, everybody: bool) -> None:
    """Write the differences between what was found and what is known about the same identifiers.

    `everybody`: what is known and was not found is over; else only about identifiers that were reached.
    """
    for history, rows in ((_MAP, found.id_map), (_ASIDE, found.quarantine)):
        _compare(warehouse, history, rows, "true" if everybody else _about("known", SCOPE))
    warehouse.put(Copy(f"{MERGES}__arriving", _ALIAS, _aliases(warehouse)))
    warehouse.put(Copy(f"{HELD}__arriving", HELD_COLUMNS, found.held))
    for history in (_MAP, _ASIDE):
        for statement in _differences(history):
            warehouse.execute(statement)
    warehouse.execute("begin")
    try:
        for statement, params in _joining(at, mark, everybody=everybody):
            warehouse.execute(statement, params)
        warehouse.execute("commit")
    except BaseException:
        # Also for Ctrl-C: the connection may live on in a longer `with` block.
        warehouse.execute("rollback")
        raise
    for table in (*_SCRATCH, *TABLES):
        warehouse.execute(f"drop table if exists {table}")


def _same(one: str, other: str, columns: Sequence[str] = tuple(KEY)) -> str:
    return " and ".join(f"{one}.{name} = {other}.{name}" for name in columns)


def _about(table: str, rows: str) -> str:
    """The condition of rows about the identifiers of other rows; its first half lets the engine skip most of them."""
    same = _same("others", table)
    return (
        f"{table}.identifier_token in (select identifier_token from {rows} as others)"
        f" and exists (select 1 from {rows} as others where {same})"
    )


_SCRATCH = (
    *(f"{table}__{what}" for table in (ID_MAP, QUARANTINE) for what in ("arriving", "known", "over")),
    f"{MERGES}__arriving",
    f"{HELD}__arriving",
)


def _compare(warehouse: Warehouse, history: _History, rows: pa.Table, within: str) -> None:
    """Put what was found (`__arriving`) and what is known (`__known`) beside the table."""
    table, columns = history.table, KEY | history.said
    warehouse.put(Copy(f"{table}__arriving", columns, rows))
    warehouse.execute(
        f"create or replace table {table}__known as"
        f" select {', '.join(columns)}, {history.begins} as begins from {table} as known"
        f" where {history.ends} is null and {within}"
    )


def _differences(history: _History) -> tuple[str, str]:
    """Leave what is over (`__over`), and of what arrives only what is not known."""
    table, same = history.table, _same("known", "fresh", [*KEY, *history.said])
    return (
        f"create or replace table {table}__over as select {', '.join(KEY)}, begins from {table}__known as known"
        f" where not exists (select 1 from {table}__arriving as fresh where {same})",
        f"delete from {table}__arriving as fresh where exists (select 1 from {table}__known as known where {same})",
    )


_Statement = tuple[str, Sequence[Any]]


def _joining(at: datetime, mark: str, *, everybody: bool) -> Iterator[_Statement]:
    """The statements of the transaction, with their parameters."""
    yield from _aliased(at)
    gone = "" if everybody else f" where person_id in (select person_id from {ID_MAP}__known)"
    yield f"delete from {HELD}{gone}", ()
    yield f"insert into {HELD} select {', '.join(HELD_COLUMNS)} from {HELD}__arriving", ()
    yield from _moved(_MAP, at)
    yield from _moved(_ASIDE, at)
    yield f"delete from {TOUCHED}", ()
    yield f"delete from {STATE}", ()
    yield (
        f"insert into {STATE} select ?, ?, (select count(*) from {HELD}),"
        f" (select count(*) from {QUARANTINE} where until is null and reason in ('{HUGE}', '{GREW}'))",
        [mark, at],
    )


def _aliased(at: datetime) -> Iterator[_Statement]:
    # Somebody who is there again is no alias; an alias of somebody who changed too points to the new one.
    yield f"delete from {MERGES} where old_person_id in (select person_id from {ID_MAP}__arriving)", ()
    yield (
        f"update {MERGES} set person_id = newer.person_id from {MERGES}__arriving as newer"
        " where merges.person_id = newer.old_person_id",
        (),
    )
    yield (
        f"insert into {MERGES} ({', '.join(MERGE_COLUMNS)})"
        f" select old_person_id, person_id, ?, rule, evidence from {MERGES}__arriving",
        [at],
    )


def _moved(history: _History, at: datetime) -> Iterator[_Statement]:
    table, columns = history.table, (*KEY, *history.said)
    name, current = table.split(".")[1], f"{history.ends} is null"
    # A row that began and ended with the same loads was never true for anybody.
    never = f"(select * from {table}__over where begins >= ?)"
    yield f"delete from {table} where {current} and {_about(name, never)}", [at, at]
    yield f"update {table} set {history.ends} = ? where {current} and {_about(name, f'{table}__over')}", [at]
    listed = ", ".join(columns)
    yield (
        f"insert into {table} ({listed}, {history.begins}, {history.ends})"
        f" select {listed}, ?, null from {table}__arriving",
        [at],
    )


def _aliases(warehouse: Warehouse) -> Sequence[tuple[str, str, str, str]]:
    """(old person, person, rule, evidence) of everybody who is gone: they are whoever has most of their identifiers."""
    moved = warehouse.query(
        f"""
        with moved as (
            select known.person_id as old_person_id, fresh.person_id, count(*) as identifiers,
                max(case when fresh.rule = 'stated_merge' then 1 else 0 end) as stated, min(fresh.evidence) as evidence
            from {ID_MAP}__known as known
            inner join {ID_MAP}__arriving as fresh on {_same("known", "fresh")}
            where known.person_id <> fresh.person_id
                and not exists (select 1 from {ID_MAP}__arriving as alive where alive.person_id = known.person_id)
            group by known.person_id, fresh.person_id
        ),
        ranked as (
            select *, row_number() over (partition by old_person_id order by identifiers desc, person_id) as place
            from moved
        )
        select ranked.old_person_id, ranked.person_id,
            case when ranked.stated = 1 then 'stated_merge'
                when count(*) over (partition by ranked.person_id) > 1
                    or exists (select 1 from {ID_MAP}__known as one where one.person_id = ranked.person_id)
                    then 'linked' else 'older_evidence' end,
            ranked.evidence
        from ranked where ranked.place = 1 order by 1
        """
    )
    return [(str(old), str(new), str(rule), str(evidence)) for old, new, rule, evidence in moved]
