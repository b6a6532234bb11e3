"""The people of the observations, as rows of the tables that `people` writes: the graph is resolved by `identity`."""

# ruff: noqa: S608 - names of this package

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from tasks.adapters.warehouse.base import Warehouse
from tasks.build.identity import People, confidence, resolve
from tasks.build.links import key
from tasks.build.people_named import frame_of, named_observations
from tasks.build.people_reached import HUBS, IDENTIFIERS, SEEN, record_types

STATED = "stated_merge"
_REACHED = (
    SEEN,
    f"{key('identifier_type', 'kept_token')} in (select identifier_key from {IDENTIFIERS})",
)
_HUBS = (
    f"select identifier_type, identifier_token as token from {HUBS}"
    f" where identifier_key in (select identifier_key from {IDENTIFIERS} where is_hub)"
)


@dataclass(frozen=True)
class Found:
    """Rows for the tables of the schema `identity`: of everybody, or of those whom something new may concern."""

    id_map: pa.Table
    quarantine: pa.Table
    held: pa.Table


def find_people(warehouse: Warehouse, *, everybody: bool) -> Found:
    """Resolve all observations, or those of the records that were reached. Memory is about 0.5 GB for a million."""
    observed, names = named_observations(warehouse) if everybody else named_observations(warehouse, *_REACHED)
    hubs = None if everybody else frame_of(warehouse, _HUBS)
    people = resolve(observed["record_id"].unique(), observed, also_crowded=hubs)
    mapped = pl.concat([_identifiers(people), _merged(people, names), _records(people)])
    return Found(
        id_map=_arrow(mapped),
        quarantine=_arrow(people.quarantine.rename({"token": "identifier_token"})),
        held=_arrow(people.held.with_columns(pl.col("identifiers", "emails").cast(pl.Int64))),
    )


def _arrow(frame: pl.DataFrame) -> pa.Table:
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


_COLUMNS = ("identifier_type", "identifier_token", "person_id", "rule", "confidence", "evidence")


def _identifiers(people: People) -> pl.DataFrame:
    return people.id_map.rename({"token": "identifier_token"}).select(_COLUMNS)


def _merged(people: People, names: pl.DataFrame) -> pl.DataFrame:
    """Ids that went into another one belong to the same person, because their system says so."""
    known = people.id_map.select("identifier_type", pl.col("token").alias("name"), "person_id")
    gone = names.filter(pl.col("token") != pl.col("name")).join(known, on=["identifier_type", "name"])
    said = [pl.lit(STATED).alias("rule"), pl.lit(1.0).alias("confidence")]
    return gone.rename({"token": "identifier_token"}).with_columns(said).select(_COLUMNS)


def _records(people: People) -> pl.DataFrame:
    """Records that several systems speak about (`record_type`) are in the map too: a person for each order."""
    parts = pl.col("record_id").str.splitn(":", 2).struct
    named = people.records.with_columns(
        parts.field("field_0").alias("identifier_type"), parts.field("field_1").alias("identifier_token")
    ).filter(pl.col("identifier_type").is_in(record_types()))
    said = [pl.col("known_by").alias("rule"), confidence("known_by"), pl.col("record_id").alias("evidence")]
    return named.drop("confidence").with_columns(said).select(_COLUMNS)
