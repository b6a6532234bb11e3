"""Observations for the identity graph: ids that a system made one itself have one name in them.

`merges` of a declaration are facts, not guesses: two ids of one type that a system merged are one node of the graph,
named by the one that was seen first.
"""

# ruff: noqa: S608 - names of this package

from __future__ import annotations

import polars as pl

from tasks.adapters.warehouse.base import Warehouse
from tasks.build.observations import OBSERVATIONS, STATED_MERGES


def frame_of(warehouse: Warehouse, sql: str) -> pl.DataFrame:
    """The result of a query as a frame."""
    found = pl.from_arrow(warehouse.frame(sql))
    assert isinstance(found, pl.DataFrame)
    return found


def named_observations(
    warehouse: Warehouse, observations: str = OBSERVATIONS, merges: str = "true"
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What was observed, all or some of it, and the names that were given in it.

    Observations: record_id, identifier_type, token, seen_at. Names: identifier_type, token, name, evidence, for every
    id of a stated merge. `observations` is their table; the condition `merges` may leave out merges of other ids.
    """
    observed = frame_of(
        warehouse,
        "select record_id, identifier_type, identifier_token as token, min(seen_at) as seen_at"
        f" from {observations} group by record_id, identifier_type, identifier_token",
    ).with_columns(pl.col("seen_at").cast(pl.Datetime("us")))
    stated = frame_of(
        warehouse,
        "select source || '.' || stream as stream, identifier_type, kept_token, merged_token"
        f" from {STATED_MERGES} where {merges} order by 1, 2, 3, 4",
    )
    names = _one_name(observed, stated)
    return _renamed(observed, names), names


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
