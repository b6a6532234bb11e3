"""Who is behind the records: the step between staging and marts that writes the schema `identity`.

Observations are brought up to date, the whole graph is resolved, and only differences are written: the current rows of
`identity.id_map` are those without `valid_to`. The people are a function of the set of observations, so increments in
any order and one build over everything end with the same ids; a person whose id changes leaves an alias in
`identity.merges`. Killed anywhere, the old state stands; run twice, nothing changes.
"""

# ruff: noqa: S608 - names of this module

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from expectations.judge.verdict import Finding, Span, Subject, Verdict
from tasks.adapters.warehouse.base import LEDGER, Warehouse
from tasks.adapters.warehouse.copies import Copy
from tasks.build.observations import SCHEMA, ensure_observations, observe
from tasks.outcomes import recorded

if TYPE_CHECKING:
    from tasks.build.people_found import Found

ID_MAP, MERGES, QUARANTINE, STATE = (f"{SCHEMA}.{name}" for name in ("id_map", "merges", "quarantine", "resolved"))
# Rises when the same observations may give other people: then everything is resolved again.
RULES = 1
_KEY = {"identifier_type": "varchar", "identifier_token": "varchar"}
_SAID = {"person_id": "varchar", "rule": "varchar", "confidence": "double", "evidence": "varchar"}
ID_MAP_COLUMNS = _KEY | _SAID | {"valid_from": "timestamp", "valid_to": "timestamp"}
# `person_id` is who the old one is now; it is corrected when that person changes too.
MERGE_COLUMNS = {
    "old_person_id": "varchar",
    "person_id": "varchar",
    "merged_at": "timestamp",
    "rule": "varchar",
    "evidence": "varchar",
}
_ALIAS = {name: kind for name, kind in MERGE_COLUMNS.items() if name != "merged_at"}
QUARANTINE_COLUMNS = _KEY | {"reason": "varchar", "since": "timestamp", "until": "timestamp"}
STATE_COLUMNS = {"mark": "varchar", "resolved_at": "timestamp", "held": "bigint", "set_aside": "bigint"}
_TABLES = {ID_MAP: ID_MAP_COLUMNS, MERGES: MERGE_COLUMNS, QUARANTINE: QUARANTINE_COLUMNS, STATE: STATE_COLUMNS}
_NEVER = datetime(1970, 1, 1)


@dataclass(frozen=True)
class Linked:
    """What the step found: rows of the current map, and people and devices held because they are too large for one.

    `rows` is 0 where nothing was new.
    """

    rows: int
    held: int
    set_aside: int
    reused: bool = False


def ensure_identity(warehouse: Warehouse) -> None:
    """Create the tables of the schema `identity` where they are missing, so that dbt can read them."""
    ensure_observations(warehouse)
    known = warehouse.relations(SCHEMA)
    for table, columns in _TABLES.items():
        if table.rpartition(".")[2] not in known:
            warehouse.put(Copy(table, columns, []))


@recorded
def link_people(warehouse: Warehouse) -> Linked:
    """Bring the schema `identity` up to date with staging."""
    ensure_identity(warehouse)
    mark = f"{RULES};{observe(warehouse).mark}"
    known = warehouse.query(f"select mark, held, set_aside from {STATE}")
    if known and known[0][0] == mark:
        return Linked(0, int(known[0][1]), int(known[0][2]), reused=True)
    # Polars and scipy are imported where there is something to resolve: every flow imports this module.
    from tasks.build.people_found import find_people

    found = find_people(warehouse)
    _write(warehouse, found, _known_at(warehouse), mark)
    return Linked(found.id_map.num_rows, found.held, found.set_aside)


def held_people(linked: Linked, window: Span, owner: str) -> Verdict:
    """Whether a graph grew larger than one person can be: its devices are held, and people have to look."""
    found = f"{linked.set_aside} devices, {linked.held} people"
    bad = linked.held + linked.set_aside > 0
    told = f"Held as too large for one person: {found}." if bad else "Nobody is too large to be one person."
    finding = Finding(
        scope="people",
        state="warned" if bad else "passed",
        severity="warning",
        sentence=told,
        observed=found,
        expected="0 devices, 0 people",
    )
    return Subject("marts", "id_map", owner, window).verdict("identity_held", finding)


def _known_at(warehouse: Warehouse) -> datetime:
    """The time of what is known: of the newest load, so that the same loads always give the same rows."""
    if LEDGER.split(".")[1] not in warehouse.relations("raw"):
        return _NEVER
    return warehouse.query(f"select max(loaded_at) from {LEDGER}")[0][0] or _NEVER


def _write(warehouse: Warehouse, found: Found, at: datetime, mark: str) -> None:
    """Put the answer beside the tables, then join it with them in one transaction."""
    arriving = Copy(f"{ID_MAP}__arriving", _KEY | _SAID, found.id_map)
    warehouse.put(arriving)
    aside = Copy(f"{QUARANTINE}__arriving", _KEY | {"reason": "varchar"}, found.quarantine)
    warehouse.put(aside)
    aliases = Copy(f"{MERGES}__arriving", _ALIAS, _aliases(warehouse, arriving.table))
    warehouse.put(aliases)
    warehouse.execute("begin")
    try:
        for statement, times in (*_MERGED, *_MAPPED, *_SET_ASIDE):
            warehouse.execute(statement, [at] * times)
        warehouse.execute(f"delete from {STATE}")
        warehouse.execute(f"insert into {STATE} values (?, ?, ?, ?)", [mark, at, found.held, found.set_aside])
        warehouse.execute("commit")
    except BaseException:
        # Also for Ctrl-C: the connection may live on in a longer `with` block.
        warehouse.execute("rollback")
        raise
    for copy in (arriving, aside, aliases):
        warehouse.execute(f"drop table if exists {copy.table}")


# Statements with the number of times that they name the time of what is known.
_SAME = "{0}.identifier_type = fresh.identifier_type and {0}.identifier_token = fresh.identifier_token"
_MERGED = (
    # Somebody who is there again is no alias; an alias of somebody who changed too points to the new one.
    (f"delete from {MERGES} where old_person_id in (select person_id from {ID_MAP}__arriving)", 0),
    (
        f"update {MERGES} set person_id = newer.person_id from {MERGES}__arriving as newer"
        " where merges.person_id = newer.old_person_id",
        0,
    ),
    (
        f"insert into {MERGES} ({', '.join(MERGE_COLUMNS)})"
        f" select old_person_id, person_id, ?, rule, evidence from {MERGES}__arriving",
        1,
    ),
)
_MAPPED = (
    (
        f"update {ID_MAP} set valid_to = ? where valid_to is null and not exists (select 1 from"
        f" {ID_MAP}__arriving as fresh where {_SAME.format('id_map')} and id_map.person_id = fresh.person_id"
        " and id_map.rule = fresh.rule and id_map.evidence = fresh.evidence)",
        1,
    ),
    # A row that began and ended with the same loads was never true for anybody.
    (f"delete from {ID_MAP} where valid_to <= valid_from", 0),
    (
        f"insert into {ID_MAP} ({', '.join(ID_MAP_COLUMNS)}) select {', '.join(_KEY | _SAID)}, ?, null"
        f" from {ID_MAP}__arriving as fresh where not exists"
        f" (select 1 from {ID_MAP} as known where {_SAME.format('known')} and known.valid_to is null)",
        1,
    ),
)
_SET_ASIDE = (
    (
        f"update {QUARANTINE} set until = ? where until is null and not exists (select 1 from"
        f" {QUARANTINE}__arriving as fresh where {_SAME.format('quarantine')} and quarantine.reason = fresh.reason)",
        1,
    ),
    (f"delete from {QUARANTINE} where until <= since", 0),
    (
        f"insert into {QUARANTINE} ({', '.join(QUARANTINE_COLUMNS)}) select {', '.join(_KEY)}, reason, ?, null"
        f" from {QUARANTINE}__arriving as fresh where not exists"
        f" (select 1 from {QUARANTINE} as known where {_SAME.format('known')} and known.until is null)",
        1,
    ),
)


def _aliases(warehouse: Warehouse, arriving: str) -> Sequence[tuple[str, str, str, str]]:
    """(old person, person, rule, evidence) of everybody who is gone: they are whoever has most of their identifiers."""
    moved = warehouse.query(
        f"""
        with current_people as (select * from {ID_MAP} where valid_to is null),
        moved as (
            select known.person_id as old_person_id, fresh.person_id, count(*) as identifiers,
                max(case when fresh.rule = 'stated_merge' then 1 else 0 end) as stated, min(fresh.evidence) as evidence
            from current_people as known
            inner join {arriving} as fresh on {_SAME.format("known")}
            where known.person_id <> fresh.person_id
                and not exists (select 1 from {arriving} as alive where alive.person_id = known.person_id)
            group by known.person_id, fresh.person_id
        ),
        ranked as (
            select *, row_number() over (partition by old_person_id order by identifiers desc, person_id) as place
            from moved
        )
        select ranked.old_person_id, ranked.person_id,
            case when ranked.stated = 1 then 'stated_merge'
                when count(*) over (partition by ranked.person_id) > 1
                    or exists (select 1 from current_people as one where one.person_id = ranked.person_id)
                    then 'linked' else 'older_evidence' end,
            ranked.evidence
        from ranked where ranked.place = 1 order by 1
        """
    )
    return [(str(old), str(new), str(rule), str(evidence)) for old, new, rule, evidence in moved]
