"""Who is behind the records: the step between staging and marts that writes the schema `identity`.

Observations are brought up to date, what hangs together with anything new is resolved, and only differences are
written: the current rows of `identity.id_map` are those without `valid_to`. The people are a function of the set of
observations, so increments in any order and one build over everything end with the same ids; a person whose id changes
leaves an alias in `identity.merges`. Killed anywhere, the old state stands; run twice, nothing changes.
"""

# ruff: noqa: S608 - names of this module

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from expectations.judge.verdict import Finding, Span, Subject, Verdict
from tasks.adapters.warehouse.base import LEDGER, Warehouse
from tasks.adapters.warehouse.copies import Copy
from tasks.build.observations import SCHEMA, TOUCHED, ensure_observations, observe
from tasks.outcomes import recorded

ID_MAP, MERGES, QUARANTINE, HELD, STATE = (
    f"{SCHEMA}.{name}" for name in ("id_map", "merges", "quarantine", "held", "resolved")
)
# Rises when the same observations may give other people: then everything is resolved again.
RULES = 2
KEY = {"identifier_type": "varchar", "identifier_token": "varchar"}
SAID = {"person_id": "varchar", "rule": "varchar", "confidence": "double", "evidence": "varchar"}
ID_MAP_COLUMNS = KEY | SAID | {"valid_from": "timestamp", "valid_to": "timestamp"}
# `person_id` is who the old one is now; it is corrected when that person changes too.
MERGE_COLUMNS = {
    "old_person_id": "varchar",
    "person_id": "varchar",
    "merged_at": "timestamp",
    "rule": "varchar",
    "evidence": "varchar",
}
QUARANTINE_COLUMNS = KEY | {"reason": "varchar", "since": "timestamp", "until": "timestamp"}
# People who are too large even without their devices.
HELD_COLUMNS = {"person_id": "varchar", "identifiers": "bigint", "emails": "bigint"}
STATE_COLUMNS = {"mark": "varchar", "resolved_at": "timestamp", "held": "bigint", "set_aside": "bigint"}
_TABLES = {
    ID_MAP: ID_MAP_COLUMNS,
    MERGES: MERGE_COLUMNS,
    QUARANTINE: QUARANTINE_COLUMNS,
    HELD: HELD_COLUMNS,
    STATE: STATE_COLUMNS,
}
_NEVER = datetime(1970, 1, 1)
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Linked:
    """What the step found: rows of the map that were resolved anew, and people and devices too large for one person.

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
    is_touched = warehouse.query(f"select count(*) from {TOUCHED}") != [(0,)]
    known = [str(row[0]) for row in warehouse.query(f"select mark from {STATE}")]
    if known == [mark] and not is_touched:
        return Linked(0, *_too_large(warehouse), reused=True)
    # Polars and scipy are imported where there is something to resolve: every flow imports this module.
    from tasks.build.people_found import find_people
    from tasks.build.people_reached import reach
    from tasks.build.people_written import write

    same_rules = any(text.startswith(f"{RULES};") for text in known)
    everybody = not (same_rules and reach(warehouse))
    found = find_people(warehouse, everybody=everybody)
    write(warehouse, found, _known_at(warehouse), mark, everybody=everybody)
    return Linked(found.id_map.num_rows, *_too_large(warehouse))


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
    """The time of what is known: of the newest load, so that the same loads always give the same rows.

    Resolved again from the same loads (the rules changed, say) it is a moment later: marts ask what changed since.
    """
    newest = _NEVER
    if LEDGER.split(".")[1] in warehouse.relations("raw"):
        newest = warehouse.query(f"select max(loaded_at) from {LEDGER}")[0][0] or _NEVER
    before: datetime | None = warehouse.query(f"select max(resolved_at) from {STATE}")[0][0]
    return max(newest, before + _MOMENT) if before else newest


def _too_large(warehouse: Warehouse) -> tuple[int, int]:
    """People and devices that are held."""
    held, set_aside = warehouse.query(f"select held, set_aside from {STATE}")[0]
    return int(held), int(set_aside)
