"""Whose people may be others now: everything that hangs together with what is new, found in the engine.

The people of a component depend on nothing else (`identity`), so whole components are resolved to the same people
whether the rest is there or not. From the records that were touched to their identifiers, from those to all records
that carry them, and on until nothing is added: what is left out has no link to anything new. A crowded identifier
links nobody, so the search does not go through it if it was crowded before and still is. That is asked of all of its
records, whose own people need not be resolved for it. Without this, a few shared tablets make one component of a town.
"""

# ruff: noqa: S608 - names of this package

from __future__ import annotations

from expectations.declare.source import load_all
from tasks.adapters.warehouse.base import Warehouse
from tasks.adapters.warehouse.copies import Copy
from tasks.build.identity import CROWDED, crowded
from tasks.build.links import IDENTIFIER_KEY, RECORD_KEY, key
from tasks.build.observations import EVERYTHING, OBSERVATIONS, SCHEMA, STATED_MERGES, TOUCHED
from tasks.build.people_named import frame_of, named_observations

TABLES = RECORDS, IDENTIFIERS, HUBS, BESIDE, FREED, SEEN, SCOPE = tuple(
    f"{SCHEMA}.reached_{name}"
    for name in ("records", "identifiers", "hubs", "beside", "freed", "observations", "scope")
)
# With more records than this for each observation, resolving everything costs no more than the search. A record has two
# to four observations, so it is about a third of everybody.
WORTH_IT = 0.1
# A merge that was stated is a record that carries both ids. No record of a stream has such a name: before its first
# colon stands the word of a declaration.
_KEPT, _MERGED = key("identifier_type", "kept_token"), key("identifier_type", "merged_token")
_STATED = key("'merge|' || identifier_type || '|' || kept_token")
_LINKS = (
    f"(select record_key, identifier_key from {OBSERVATIONS}"
    f" union all select {_STATED}, {_KEPT} from {STATED_MERGES}"
    f" union all select {_STATED}, {_MERGED} from {STATED_MERGES}) as links"
)
_COPY = f"select record_id, identifier_type, identifier_token, seen_at, identifier_key from {OBSERVATIONS}"


def reach(warehouse: Warehouse) -> bool:
    """Write down the records and identifiers whose people may be others now; False if that may be everybody's.

    `RECORDS` and `IDENTIFIERS` have the numbers, with the step in which each was found; `is_hub` where other records
    were not looked for. `SEEN` has the observations of these records, `SCOPE` the names of their identifiers and of
    those records that are in the map themselves.
    """
    if warehouse.query(f"select count(*) from {TOUCHED} where record_id = '{EVERYTHING}'") != [(0,)]:
        return False
    most = WORTH_IT * int(warehouse.query(f"select count(*) from {OBSERVATIONS}")[0][0])
    _begin(warehouse)
    step = 0
    while _found(warehouse, step) or _freed(warehouse, step):
        if int(warehouse.query(f"select count(*) from {RECORDS}")[0][0]) > most:
            return False
        for statement in _next(step):
            warehouse.execute(statement)
        step += 1
    within = f"where record_key in (select record_key from {RECORDS})"
    warehouse.execute(f"create or replace table {SEEN} as {_COPY} {within}")
    warehouse.execute(f"create or replace table {SCOPE} as {_scope()}")
    return True


def record_types() -> list[str]:
    """The types of records that several systems speak about: they are in the map too, a person for each order."""
    streams = [stream for source in load_all().values() for stream in source.streams.values()]
    return sorted({entry.record_type for stream in streams for entry in stream.identifies if entry.record_type})


def _begin(warehouse: Warehouse) -> None:
    warehouse.put(Copy(RECORDS, {"record_key": "bigint", "step": "bigint"}, []))
    warehouse.put(Copy(IDENTIFIERS, {"identifier_key": "bigint", "step": "bigint", "is_hub": "boolean"}, []))
    warehouse.execute(f"insert into {RECORDS} select distinct {RECORD_KEY}, 0 from {TOUCHED}")
    # An id of a stated merge may go by another name now: the search always goes through it.
    stated = f"select {_KEPT} as stated_key from {STATED_MERGES} union all select {_MERGED} from {STATED_MERGES}"
    warehouse.execute(
        f"create or replace table {HUBS} as"
        f" select identifier_type, identifier_token, {IDENTIFIER_KEY} as identifier_key from {SCHEMA}.quarantine"
        f" where until is null and reason = '{CROWDED}'"
        f" and not exists (select 1 from ({stated}) as stated where stated.stated_key = {IDENTIFIER_KEY})"
    )


def _found(warehouse: Warehouse, step: int) -> bool:
    return warehouse.query(f"select count(*) from {RECORDS} where step = {step}") != [(0,)]


def _next(step: int) -> tuple[str, str]:
    """From the records of a step to their identifiers, and from those to the records of the next step."""
    return (
        f"insert into {IDENTIFIERS} with seen as (select distinct identifier_key from {_LINKS}"
        f" where record_key in (select record_key from {RECORDS} where step = {step}))"
        f" select identifier_key, {step}, identifier_key in (select identifier_key from {HUBS}) from seen"
        f" where identifier_key not in (select identifier_key from {IDENTIFIERS})",
        f"insert into {RECORDS} with seen as (select distinct record_key from {_LINKS} where identifier_key in"
        f" (select identifier_key from {IDENTIFIERS} where step = {step} and not is_hub))"
        f" select record_key, {step + 1} from seen where record_key not in (select record_key from {RECORDS})",
    )


def _freed(warehouse: Warehouse, step: int) -> bool:
    """Let the search go through identifiers that are crowded no more, as if they were found in this step."""
    hubs = f"(select identifier_key from {IDENTIFIERS} where is_hub)"
    if warehouse.query(f"select count(*) from {hubs} as hubs") == [(0,)]:
        return False
    carrying = f"select record_key from {OBSERVATIONS} where identifier_key in {hubs}"
    warehouse.execute(f"create or replace table {BESIDE} as {_COPY} where record_key in ({carrying})")
    names, within = "identifier_type, identifier_token as token, identifier_key", f"where identifier_key in {hubs}"
    before = frame_of(warehouse, f"select {names} from {HUBS} {within}")
    carried = frame_of(warehouse, f"select distinct {names} from {BESIDE} {within}")
    still = before.join(crowded(named_observations(warehouse, BESIDE)[0]), on=["identifier_type", "token"], how="semi")
    freed = carried.join(still, on=["identifier_type", "token"], how="anti").select("identifier_key").unique()
    warehouse.put(Copy(FREED, {"identifier_key": "bigint"}, freed.rows()))
    warehouse.execute(
        f"update {IDENTIFIERS} set is_hub = false, step = {step}"
        f" where identifier_key in (select identifier_key from {FREED})"
    )
    return not freed.is_empty()


def _scope() -> str:
    """The names of what was reached."""
    within = f"in (select identifier_key from {IDENTIFIERS})"
    named = [
        f"select '{kind}', substr(record_id, {len(kind) + 2}) from {SEEN} where record_id like '{kind}:%'"
        for kind in record_types()
    ]
    return " union ".join([
        f"select identifier_type, identifier_token from {SEEN}",
        f"select identifier_type, kept_token from {STATED_MERGES} where {_KEPT} {within}",
        f"select identifier_type, merged_token from {STATED_MERGES} where {_MERGED} {within}",
        *named,
    ])  # fmt: skip
