"""Which records belong to one person: an identity graph that never merges two customers, and says why it linked.

Records and identifiers are the nodes, "this record carries this identifier" the edges. What belongs to nobody, to too
many or to a shared device is set aside first; then people are connected components. Only where a component still holds
two different strong ids of one type are its edges added one by one, in order of trust, refusing what would merge them.
The result is a function of the set of records: their order does not matter, and a component depends on nothing else.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from tasks.build.identifiers import BY_RANK, PLACE
from tasks.build.identity_conflicts import split

_NAMESPACE = uuid.UUID("6f1d7a52-5a0f-4f7e-9d0c-2b8f5e0a9c11")
_LINKING = (*BY_RANK["strong"], *BY_RANK["medium"], *BY_RANK["weak"])
# Share of the records linked in this way that sit with the majority of their person: measured on labelled data for
# strong ids, e-mail and client id; a phone is taken for an address, a device for a browser.
CONFIDENCE = {"strong_id": 0.995, "email": 0.995, "phone": 0.995, "client_id": 0.99, "device_id": 0.99, "alone": 1.0}


@dataclass(frozen=True)
class Limits:
    """How many other identifiers one identifier may meet before it is shared by several people."""

    strong_of_a_type: int = 1
    emails_of_a_device: int = 2
    emails_of_a_person: int = 5
    identifiers_of_a_person: int = 50


@dataclass(frozen=True)
class People:
    """The answer: a person for each record, and what was set aside.

    `records`: record_id, person_id, method, confidence. `id_map`: identifier_type, token, person_id, records (how many
    carry it). `quarantine`: identifier_type, token, reason. `refused`: person_id of everybody whom
    a conflict kept apart.
    """

    records: pl.DataFrame
    id_map: pl.DataFrame
    quarantine: pl.DataFrame
    refused: pl.DataFrame = field(default_factory=pl.DataFrame)


def resolve(record_ids: pl.Series, observations: pl.DataFrame, limits: Limits | None = None) -> People:
    """Put every record into the component of its person.

    `observations` has (record_id, identifier_type, token, seen_at), normalised and without denied values, as
    `identifiers.observed` makes them; `seen_at` (UTC, may be null) is when the record was seen. Cost is linear in the
    observations, but for the few conflicted components.
    """
    bounds = limits or Limits()
    known = observations.filter(pl.col("identifier_type").is_in(_LINKING))
    crowded = _crowded(known, bounds)
    kept = known.join(crowded, on=["identifier_type", "token"], how="anti")
    shared = _shared_devices(kept, bounds)
    kept = kept.join(shared, on=["identifier_type", "token"], how="anti")
    huge = _huge(kept, bounds)
    kept = kept.join(huge, on=["identifier_type", "token"], how="anti")
    labelled = _components(kept)
    conflicted = _conflicted(labelled)
    torn = labelled.filter(pl.col("component").is_in(conflicted.implode())).select("record_id").unique()
    labelled = split(labelled, conflicted, BY_RANK["strong"])
    named = _named(labelled)
    records = _of_every_record(record_ids, named)
    return People(
        records=records,
        id_map=_id_map(named),
        quarantine=pl.concat([crowded, shared, huge]).sort("identifier_type", "token"),
        refused=named.join(torn, on="record_id", how="semi").select("person_id").unique().sort("person_id"),
    )


def _counts(known: pl.DataFrame, types: tuple[str, ...]) -> pl.DataFrame:
    """For every identifier of these types: how many different values of each other type its records carry."""
    mine = known.filter(pl.col("identifier_type").is_in(types))
    beside = known.filter(pl.col("identifier_type").is_in([*BY_RANK["strong"], *BY_RANK["medium"]]))
    met = mine.join(beside, on="record_id", suffix="_beside").filter(
        pl.col("identifier_type") != pl.col("identifier_type_beside")
    )
    return met.group_by("identifier_type", "token", "identifier_type_beside").agg(
        pl.col("token_beside").n_unique().alias("met")
    )


def _beyond(bounds: Limits) -> pl.Expr:
    strong = pl.col("identifier_type_beside").is_in(BY_RANK["strong"])
    return pl.when(strong).then(bounds.strong_of_a_type).otherwise(bounds.emails_of_a_device)


def _crowded(known: pl.DataFrame, bounds: Limits) -> pl.DataFrame:
    """Addresses and devices whose own records name more people than one can be."""
    met = _counts(known, (*BY_RANK["medium"], *BY_RANK["weak"]))
    device = pl.col("identifier_type").is_in(BY_RANK["weak"])
    strong = pl.col("identifier_type_beside").is_in(BY_RANK["strong"])
    over = met.filter((device | strong) & (pl.col("met") > _beyond(bounds)))
    return _set_aside(over, "its records carry too many other identifiers")


def _shared_devices(known: pl.DataFrame, bounds: Limits) -> pl.DataFrame:
    """Devices that would join people whom their ids and addresses keep apart, however far away the conflict is."""
    firm = _components(known.filter(~pl.col("identifier_type").is_in(BY_RANK["weak"])))
    devices = known.filter(pl.col("identifier_type").is_in(BY_RANK["weak"]))
    touched = devices.join(firm.select("record_id", "component").unique(), on="record_id")
    pairs = touched.select("identifier_type", "token", "component").unique()
    of_component = firm.select(
        "component", pl.col("identifier_type").alias("identifier_type_beside"), pl.col("token").alias("token_beside")
    ).unique()
    met = (
        pairs.join(of_component, on="component")
        .group_by("identifier_type", "token", "identifier_type_beside")
        .agg(pl.col("token_beside").n_unique().alias("met"))
    )
    return _set_aside(met.filter(pl.col("met") > _beyond(bounds)), "it would join people with different ids")


def _huge(known: pl.DataFrame, bounds: Limits) -> pl.DataFrame:
    """Devices inside components that are too large for one person: their merge is held, people look at it."""
    labelled = _components(known)
    once = labelled.select("component", "identifier_type", "token").unique()
    sizes = once.group_by("component").agg(
        pl.len().alias("identifiers"), (pl.col("identifier_type") == "email").sum().alias("emails")
    )
    over = sizes.filter(
        (pl.col("identifiers") > bounds.identifiers_of_a_person) | (pl.col("emails") > bounds.emails_of_a_person)
    )
    inside = once.join(over, on="component", how="semi").filter(pl.col("identifier_type").is_in(BY_RANK["weak"]))
    return _set_aside(inside, "its component is too large for one person")


def _set_aside(found: pl.DataFrame, reason: str) -> pl.DataFrame:
    return found.select("identifier_type", "token").unique().with_columns(pl.lit(reason).alias("reason"))


def _components(known: pl.DataFrame) -> pl.DataFrame:
    """The observations with the number of their connected component."""
    if known.is_empty():
        return known.with_columns(pl.lit(0, dtype=pl.Int64).alias("component"))
    record = known["record_id"].rank("dense").to_numpy().astype(np.int64) - 1
    token = (
        known.select(pl.struct("identifier_type", "token").rank("dense")).to_series().to_numpy().astype(np.int64) - 1
    )
    records, tokens = int(record.max()) + 1, int(token.max()) + 1
    shape = (records + tokens, records + tokens)
    graph = coo_matrix((np.ones(len(record), dtype=np.int8), (record, records + token)), shape=shape)
    _, labels = connected_components(graph, directed=False)
    return known.with_columns(pl.Series("component", labels[record].astype(np.int64)))


def _conflicted(labelled: pl.DataFrame) -> pl.Series:
    """Components that hold two different strong ids of one type."""
    return (
        labelled.filter(pl.col("identifier_type").is_in(BY_RANK["strong"]))
        .group_by("component", "identifier_type")
        .agg(pl.col("token").n_unique().alias("values"))
        .filter(pl.col("values") > 1)["component"]
        .unique()
    )


def _named(labelled: pl.DataFrame) -> pl.DataFrame:
    """A person id for every component, made of the identifier that was seen first; without times, of the most trusted.

    What is seen later never is the first, so a person keeps the id while the graph grows; of two people who turn out to
    be one, the older id survives.
    """
    ordered = labelled.with_columns(
        pl.col("identifier_type").replace_strict(PLACE, return_dtype=pl.Int64).alias("place")
    )
    first = (
        ordered.sort("seen_at", "place", "token", nulls_last=True)
        .group_by("component", maintain_order=True)
        .agg(pl.concat_str(["identifier_type", "token"], separator="|").first().alias("name"))
    )
    ids = pl.Series("person_id", [_person(name) for name in first["name"]], dtype=pl.String)
    return ordered.join(first.select("component", ids), on="component")


def _person(name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, name))


def _of_every_record(record_ids: pl.Series, named: pl.DataFrame) -> pl.DataFrame:
    """One row per record: its person, and by which identifier it belongs there."""
    size = named.select("component", "record_id").unique().group_by("component").len("of_person")
    linked = named.join(size, on="component").sort("place", "token").group_by("record_id", maintain_order=True).first()
    method = (
        pl.when(pl.col("person_id").is_null() | (pl.col("of_person") == 1))
        .then(pl.lit("alone"))
        .when(pl.col("identifier_type").is_in(BY_RANK["strong"]))
        .then(pl.lit("strong_id"))
        .otherwise(pl.col("identifier_type"))
    )
    every = pl.DataFrame({"record_id": record_ids}).join(linked, on="record_id", how="left", maintain_order="left")
    alone = every.filter(pl.col("person_id").is_null())["record_id"].to_list()
    own = pl.DataFrame(
        {"record_id": alone, "own": [_person(f"record|{each}") for each in alone]},
        {"record_id": pl.String, "own": pl.String},
    )
    return (
        every.with_columns(method.alias("method"))
        .join(own, on="record_id", how="left", maintain_order="left")
        .select(
            "record_id",
            pl.coalesce("person_id", "own").alias("person_id"),
            "method",
            pl.col("method").replace_strict(CONFIDENCE, return_dtype=pl.Float64).alias("confidence"),
        )
    )


def _id_map(named: pl.DataFrame) -> pl.DataFrame:
    return (
        named.group_by("identifier_type", "token", "person_id")
        .agg(pl.len().alias("records"))
        .sort("identifier_type", "token", "person_id")
    )
