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
from tasks.build.observations import EVERYTHING, LINKS, OBSERVATIONS, SCHEMA, STATED_MERGES, TOUCHED
from tasks.build.people_named import frame_of, named_observations

RECORDS, IDENTIFIERS = f"{SCHEMA}.reached_records", f"{SCHEMA}.reached_identifiers"
# With more records than this for each observation, resolving everything costs no more than the search. A record has two
# to four observations, so it is about a third of everybody.
WORTH_IT = 0.1
_KEY = {"identifier_type": "varchar", "identifier_token": "varchar"}
_FREED = Copy(f"{IDENTIFIERS}__freed", _KEY, [])
_SAME = "{0}.identifier_type = {1}.identifier_type and {0}.identifier_token = {1}.identifier_token"


def reach(warehouse: Warehouse) -> bool:
    """Write down the records and identifiers whose people may be others now; False if that may be everybody's.

    `RECORDS` has the records, with the step in which each was found. `IDENTIFIERS` has their identifiers, and those
    records that are entries of the map themselves; `is_hub` where other records were not looked for.
    """
    warehouse.put(Copy(RECORDS, {"record_id": "varchar", "step": "bigint"}, []))
    warehouse.put(Copy(IDENTIFIERS, _KEY | {"step": "bigint", "is_hub": "boolean"}, []))
    if warehouse.query(f"select count(*) from {TOUCHED} where record_id = '{EVERYTHING}'") != [(0,)]:
        return False
    most = WORTH_IT * int(warehouse.query(f"select count(*) from {OBSERVATIONS}")[0][0])
    warehouse.execute(f"insert into {RECORDS} select distinct record_id, 0 from {TOUCHED}")
    step = 0
    while _found(warehouse, step) or _freed(warehouse, step):
        if int(warehouse.query(f"select count(*) from {RECORDS}")[0][0]) > most:
            return False
        for statement in _next(step):
            warehouse.execute(statement)
        step += 1
    for kind in record_types():
        named = f"select '{kind}', substr(record_id, {len(kind) + 2}), {step}, false from {RECORDS}"
        warehouse.execute(f"insert into {IDENTIFIERS} {named} where record_id like '{kind}:%'")
    return True


def record_types() -> list[str]:
    """The types of records that several systems speak about: they are in the map too, a person for each order."""
    streams = [stream for source in load_all().values() for stream in source.streams.values()]
    return sorted({entry.record_type for stream in streams for entry in stream.identifies if entry.record_type})


def _found(warehouse: Warehouse, step: int) -> bool:
    return warehouse.query(f"select count(*) from {RECORDS} where step = {step}") != [(0,)]


def _next(step: int) -> tuple[str, str]:
    """From the records of a step to their identifiers, and from those to the records of the next step."""
    stated = f"select 1 from {STATED_MERGES} as stated where stated.identifier_type = aside.identifier_type"
    return (
        # An id of a stated merge may be known by another name now: it is no hub.
        f"insert into {IDENTIFIERS} with seen as (select distinct identifier_type, identifier_token"
        f" from {LINKS} as links where record_id in (select record_id from {RECORDS} where step = {step})),"
        f" hubs as (select identifier_type, identifier_token from {SCHEMA}.quarantine as aside"
        f" where until is null and reason = '{CROWDED}'"
        f" and not exists ({stated} and stated.kept_token = aside.identifier_token)"
        f" and not exists ({stated} and stated.merged_token = aside.identifier_token))"
        f" select seen.identifier_type, seen.identifier_token, {step}, hubs.identifier_token is not null"
        f" from seen left join hubs on {_SAME.format('hubs', 'seen')}"
        f" where not exists (select 1 from {IDENTIFIERS} as known where {_SAME.format('known', 'seen')})",
        f"insert into {RECORDS} with seen as (select distinct record_id from {LINKS} as links where exists"
        f" (select 1 from {IDENTIFIERS} as found where found.step = {step} and not found.is_hub"
        f" and {_SAME.format('found', 'links')}))"
        f" select record_id, {step + 1} from seen"
        f" where not exists (select 1 from {RECORDS} as known where known.record_id = seen.record_id)",
    )


def _freed(warehouse: Warehouse, step: int) -> bool:
    """Let the search go through identifiers that are crowded no more, as if they were found in this step."""
    hubs = frame_of(warehouse, f"select identifier_type, identifier_token as token from {IDENTIFIERS} where is_hub")
    if hubs.is_empty():
        return False
    carrying = (
        f"select seen.record_id from {OBSERVATIONS} as seen inner join {IDENTIFIERS} as hub"
        f" on {_SAME.format('hub', 'seen')} where hub.is_hub"
    )
    beside, _ = named_observations(warehouse, f"record_id in ({carrying})")
    freed = hubs.join(crowded(beside), on=["identifier_type", "token"], how="anti")
    warehouse.put(Copy(_FREED.table, _KEY, freed.rename({"token": "identifier_token"}).rows()))
    warehouse.execute(
        f"update {IDENTIFIERS} set is_hub = false, step = {step} where exists"
        f" (select 1 from {_FREED.table} as freed where {_SAME.format('freed', IDENTIFIERS.split('.')[1])})"
    )
    return not freed.is_empty()
