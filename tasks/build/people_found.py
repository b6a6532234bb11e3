"""The people of all observations, as the tables that `people` writes: the graph is resolved by `identity`."""

# ruff: noqa: S608 - names of the product

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from expectations.declare.source import load_all
from tasks.adapters.warehouse.base import Warehouse
from tasks.build.identity import GREW, HUGE, People, confidence, resolve
from tasks.build.observations import OBSERVATIONS, STATED_MERGES

_OBSERVED = f"""
select record_id, identifier_type, identifier_token as token, min(seen_at) as seen_at
from {OBSERVATIONS} group by record_id, identifier_type, identifier_token
"""
_STATED = f"""
select source || '.' || stream as stream, identifier_type, kept_token, merged_token
from {STATED_MERGES} order by 1, 2, 3, 4
"""
STATED = "stated_merge"


@dataclass(frozen=True)
class Found:
    """Rows for the tables of the schema `identity`, and how many people and devices are held as too large."""

    id_map: pa.Table
    quarantine: pa.Table
    held: int
    set_aside: int


def find_people(warehouse: Warehouse) -> Found:
    """Resolve all observations. Memory is about 0.5 GB for a million of them."""
    observed = _frame(warehouse.frame(_OBSERVED)).with_columns(pl.col("seen_at").cast(pl.Datetime("us")))
    names = _one_name(observed, _frame(warehouse.frame(_STATED)))
    people = resolve(observed["record_id"].unique(), _renamed(observed, names))
    large = people.quarantine.filter(pl.col("reason").is_in([HUGE, GREW]))
    mapped = pl.concat([_identifiers(people), _merged(people, names), _records(people)])
    return Found(
        id_map=mapped.to_arrow(compat_level=pl.CompatLevel.oldest()),
        quarantine=people.quarantine.rename({"token": "identifier_token"}).to_arrow(
            compat_level=pl.CompatLevel.oldest()
        ),
        held=people.held.height,
        set_aside=large.height,
    )


def _frame(table: pa.Table) -> pl.DataFrame:
    found = pl.from_arrow(table)
    assert isinstance(found, pl.DataFrame)
    return found


def _one_name(observed: pl.DataFrame, stated: pl.DataFrame) -> pl.DataFrame:
    """(identifier_type, token, name, evidence): ids that a system made one get the name of the one seen first."""
    groups: dict[tuple[str, str], tuple[str, str]] = {}

    def root(one: tuple[str, str]) -> tuple[str, str]:
        while groups.setdefault(one, one) != one:
            one = groups[one]
        return one

    evidence: dict[tuple[str, str], str] = {}
    for stream, kind, kept, merged in stated.iter_rows():
        low, high = sorted((root((kind, kept)), root((kind, merged))))
        groups[high] = low
        for token in (kept, merged):
            evidence.setdefault((kind, token), f"{stream}:{kept}")
    rows = [(kind, token, root((kind, token))[1], evidence[kind, token]) for kind, token in sorted(groups)]
    schema = {"identifier_type": pl.String, "token": pl.String, "group": pl.String, "evidence": pl.String}
    members = pl.DataFrame(rows, schema=schema, orient="row")
    first_seen = observed.join(members, on=["identifier_type", "token"], how="semi")
    first_seen = first_seen.group_by("identifier_type", "token").agg(pl.col("seen_at").min())
    ordered = members.join(first_seen, on=["identifier_type", "token"], how="left").sort(
        "seen_at", "token", nulls_last=True
    )
    name = pl.col("token").first().over("identifier_type", "group").alias("name")
    return (
        ordered.with_columns(name)
        .select("identifier_type", "token", "name", "evidence")
        .sort("identifier_type", "token")
    )


def _renamed(observed: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    if names.is_empty():
        return observed
    joined = observed.join(names.drop("evidence"), on=["identifier_type", "token"], how="left")
    return joined.with_columns(pl.coalesce("name", "token").alias("token")).drop("name")


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
    streams = [stream for source in load_all().values() for stream in source.streams.values()]
    kinds = sorted({entry.record_type for stream in streams for entry in stream.identifies if entry.record_type})
    parts = pl.col("record_id").str.splitn(":", 2).struct
    named = people.records.with_columns(
        parts.field("field_0").alias("identifier_type"), parts.field("field_1").alias("identifier_token")
    ).filter(pl.col("identifier_type").is_in(kinds))
    said = [pl.col("known_by").alias("rule"), confidence("known_by"), pl.col("record_id").alias("evidence")]
    return named.drop("confidence").with_columns(said).select(_COLUMNS)
