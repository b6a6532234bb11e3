"""Which records belong to one person: an identity graph that never merges two customers, and says why it linked.

Records and identifiers are the nodes, "this record carries this identifier" the edges. What belongs to nobody, to too
many or to a shared device is set aside first; then people are connected components. Only where a component still holds
two different strong ids of one type are its edges added one by one, in order of trust, refusing what would merge them.
The result is a function of the set of records: their order does not matter, and a component depends on nothing else.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from expectations.declare.identity import BY_RANK, PLACE
from tasks.build.identity_conflicts import split
from tasks.build.identity_graph import DAY, NEVER, Graph, coded

_NAMESPACE = uuid.UUID("6f1d7a52-5a0f-4f7e-9d0c-2b8f5e0a9c11")
_STRONG = len(BY_RANK["strong"])  # places below it are strong, see `expectations.declare.identity`
_FIRM = _STRONG + len(BY_RANK["medium"])
# Share of the records linked in this way that sit with the majority of their person: measured on labelled data for
# strong ids, e-mail and client id; a phone is taken for an address, a device for a browser.
CONFIDENCE = {"strong_id": 0.995, "email": 0.995, "phone": 0.995, "client_id": 0.99, "device_id": 0.99, "alone": 1.0}
CROWDED = "its records carry too many other identifiers"
SHARED = "it would join people with different ids"
HUGE = "its component is too large for one person"
GREW = "its component grew too much in one day"


@dataclass(frozen=True)
class Limits:
    """How many other identifiers one identifier, record or person may meet before it is shared by several people."""

    strong_of_a_type: int = 1
    emails_of_a_device: int = 2
    emails_of_a_person: int = 5
    identifiers_of_a_person: int = 50
    identifiers_of_a_day: int = 20
    devices_of_a_record: int = 3


@dataclass(frozen=True)
class People:
    """The answer: a person for each record and identifier, and what was set aside.

    `records`: record_id, person_id, method (alone where the person has no other record), confidence, known_by (the
    identifier that the record rests on, whoever else carries it). `id_map`: identifier_type, token, person_id, records
    (how many carry it), rule, confidence, evidence (the first record that ties it to the person). `quarantine`:
    identifier_type, token, reason. `refused`: person_id of everybody whom a conflict kept apart. `held`: person_id,
    identifiers and emails of people who are too large even without their devices.
    """

    records: pl.DataFrame
    id_map: pl.DataFrame
    quarantine: pl.DataFrame
    refused: pl.DataFrame = field(default_factory=pl.DataFrame)
    held: pl.DataFrame = field(default_factory=pl.DataFrame)


def resolve(
    record_ids: pl.Series,
    observations: pl.DataFrame,
    limits: Limits | None = None,
    *,
    also_crowded: pl.DataFrame | None = None,
) -> People:
    """Put every record into the component of its person.

    `observations` has (record_id, identifier_type, token, seen_at), normalised and without denied values, as
    `identifiers.observed` makes them; `seen_at` (UTC, may be null) is when the record was seen. Cost is linear in the
    observations, but for the few conflicted components. `also_crowded` (identifier_type, token) are identifiers that
    are crowded by records which are not here.
    """
    bounds = limits or Limits()
    graph = coded(observations)
    kept = _of_sane_records(graph.edges, bounds)
    aside = [pl.concat([_crowded(kept, bounds), _set_aside(_nodes_of(also_crowded, graph), CROWDED)]).unique("node")]
    kept = kept.join(aside[0], on="node", how="anti")
    for find in (_shared_devices, _huge):
        aside.append(find(kept, bounds))
        kept = kept.join(aside[-1], on="node", how="anti")
    labelled = _components(kept)
    conflicted = _conflicted(labelled)
    torn = labelled.filter(pl.col("component").is_in(conflicted.implode())).select("record").unique()
    labelled = split(labelled, conflicted, _STRONG)
    names = _named(labelled, graph)
    refused = labelled.join(torn, on="record", how="semi").select("component").unique()
    held = _too_large(labelled, bounds)
    return People(
        records=_of_every_record(record_ids, labelled, names, graph),
        id_map=_id_map(labelled, names, graph),
        quarantine=graph.named_nodes(pl.concat(aside), "reason").sort("identifier_type", "token"),
        refused=names.join(refused, on="component").select("person_id").sort("person_id"),
        held=names.join(held, on="component").select("person_id", "identifiers", "emails").sort("person_id"),
    )


def crowded(observations: pl.DataFrame, limits: Limits | None = None) -> pl.DataFrame:
    """The identifiers (identifier_type, token) that `resolve` sets aside as crowded: only their own records count."""
    bounds, graph = limits or Limits(), coded(observations)
    return graph.named_nodes(_crowded(_of_sane_records(graph.edges, bounds), bounds))


def _nodes_of(named: pl.DataFrame | None, graph: Graph) -> pl.DataFrame:
    if named is None:
        return graph.nodes.clear()
    return graph.nodes.join(named, on=["identifier_type", "token"], how="semi")


def _of_sane_records(edges: pl.DataFrame, bounds: Limits) -> pl.DataFrame:
    """Without the devices of records that carry more of them than one event can: such a number is no record."""
    weak = edges.filter(pl.col("place") >= _FIRM)
    over = weak.group_by("record", "place").len().filter(pl.col("len") > bounds.devices_of_a_record)
    return edges.join(over, on=["record", "place"], how="anti")


def _crowded(edges: pl.DataFrame, bounds: Limits) -> pl.DataFrame:
    """Addresses and devices whose own records name more people than one can be."""
    mine = edges.filter(pl.col("place") >= _STRONG).select("record", "node", "place")
    beside = edges.filter(pl.col("place") < _FIRM).select("record", "node", "place")
    met = (
        mine.join(beside, on="record", suffix="_beside")
        .filter(pl.col("place") != pl.col("place_beside"))
        .group_by("node", "place", "place_beside")
        .agg(pl.col("node_beside").n_unique().alias("met"))
    )
    counted = (pl.col("place") >= _FIRM) | (pl.col("place_beside") < _STRONG)
    return _set_aside(met.filter(counted & (pl.col("met") > _beyond(bounds))), CROWDED)


def _beyond(bounds: Limits) -> pl.Expr:
    strong = pl.col("place_beside") < _STRONG
    return pl.when(strong).then(bounds.strong_of_a_type).otherwise(bounds.emails_of_a_device)


def _shared_devices(edges: pl.DataFrame, bounds: Limits) -> pl.DataFrame:
    """Devices that would join people whom their ids and addresses keep apart, however far away the conflict is."""
    firm = _components(edges.filter(pl.col("place") < _FIRM))
    devices = edges.filter(pl.col("place") >= _FIRM).select("record", "node")
    pairs = devices.join(firm.select("record", "component").unique(), on="record").select("node", "component").unique()
    inside = firm.select("component", pl.col("place").alias("place_beside"), pl.col("node").alias("node_beside"))
    # Only a device between two components can join people; most stay inside one.
    between = pairs.filter(pl.len().over("node") > 1)
    met = (
        between.join(inside.unique(), on="component")
        .group_by("node", "place_beside")
        .agg(pl.col("node_beside").n_unique().alias("met"))
    )
    within = pairs.filter(pl.len().over("node") == 1).join(_strange(inside, bounds), on="component", how="semi")
    over = met.filter(pl.col("met") > _beyond(bounds)).select("node")
    return _set_aside(pl.concat([over, within.select("node")]), SHARED)


def _strange(inside: pl.DataFrame, bounds: Limits) -> pl.DataFrame:
    """Components that alone hold more ids or addresses than a device may meet."""
    held = inside.unique().group_by("component", "place_beside").len("met")
    return held.filter(pl.col("met") > _beyond(bounds)).select("component").unique()


def _huge(edges: pl.DataFrame, bounds: Limits) -> pl.DataFrame:
    """Devices inside components that are too large for one person: their merge is held, people look at it."""
    labelled = _components(edges)
    weak = labelled.filter(pl.col("place") >= _FIRM).select("component", "node").unique()
    inside = weak.join(_too_large(labelled, bounds), on="component")
    parts = [_set_aside(inside.filter(pl.col("reason") == reason), reason) for reason in (HUGE, GREW)]
    return pl.concat(parts)


def _too_large(labelled: pl.DataFrame, bounds: Limits) -> pl.DataFrame:
    """Components with their numbers of identifiers and e-mails, and the reason, where a number is over a limit."""
    once = labelled.group_by("component", "node", "place").agg(pl.col("at").min())
    # Only what has more identifiers than the smallest limit can be too large: a few components of many.
    once = once.filter(pl.len().over("component") > min(bounds.emails_of_a_person, bounds.identifiers_of_a_day))
    sizes = once.group_by("component").agg(
        pl.len().alias("identifiers"), (pl.col("place") == PLACE["email"]).sum().alias("emails")
    )
    dated = once.filter(pl.col("at") < NEVER).with_columns((pl.col("at") // DAY).alias("day"))
    grown = dated.group_by("component", "day").len("new").filter(pl.col("new") > bounds.identifiers_of_a_day)
    large = (pl.col("identifiers") > bounds.identifiers_of_a_person) | (pl.col("emails") > bounds.emails_of_a_person)
    grew = grown.select("component", pl.lit(GREW).alias("grew")).unique()
    reason = pl.when(large).then(pl.lit(HUGE)).otherwise(pl.col("grew")).alias("reason")
    return sizes.join(grew, on="component", how="left").with_columns(reason).drop_nulls("reason").drop("grew")


def _set_aside(found: pl.DataFrame, reason: str) -> pl.DataFrame:
    return found.select("node").unique().with_columns(pl.lit(reason).alias("reason"))


def _components(edges: pl.DataFrame) -> pl.DataFrame:
    """The edges with the number of their connected component."""
    if edges.is_empty():
        return edges.with_columns(pl.lit(0, dtype=pl.Int64).alias("component"))
    record, node = edges["record"].to_numpy().astype(np.int64), edges["node"].to_numpy().astype(np.int64)
    records = int(record.max()) + 1
    size = records + int(node.max()) + 1
    graph = coo_matrix((np.ones(len(record), dtype=np.int8), (record, records + node)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    return edges.with_columns(pl.Series("component", labels[record].astype(np.int64)))


def _conflicted(labelled: pl.DataFrame) -> pl.Series:
    """Components that hold two different strong ids of one type."""
    return (
        labelled.filter(pl.col("place") < _STRONG)
        .group_by("component", "place")
        .agg(pl.col("node").n_unique().alias("values"))
        .filter(pl.col("values") > 1)["component"]
        .unique()
    )


def _named(labelled: pl.DataFrame, graph: Graph) -> pl.DataFrame:
    """A person id for every component, made of the identifier that was seen first; without times, of the most trusted.

    What is seen later never is the first, so a person keeps the id while the graph grows; of two people who turn out to
    be one, the older id survives.
    """
    earliest = labelled.filter(pl.col("at") == pl.col("at").min().over("component"))
    first = earliest.group_by("component").agg(pl.col("node").min()).join(graph.nodes, on="node")
    texts = first.select(pl.concat_str(["identifier_type", "token"], separator="|")).to_series()
    return first.select("component", pl.Series("person_id", [person_named(name) for name in texts], dtype=pl.String))


def person_named(name: str) -> str:
    """The person id that belongs to a name: `<identifier type>|<token>` of the first identifier of the person.

    It is uuid.uuid5 without its checks, which take most of the time where there are millions of people.
    """
    digest = bytearray(hashlib.sha1(_NAMESPACE.bytes + name.encode(), usedforsecurity=False).digest()[:16])
    digest[6], digest[8] = digest[6] & 0x0F | 0x50, digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _of_every_record(record_ids: pl.Series, labelled: pl.DataFrame, names: pl.DataFrame, graph: Graph) -> pl.DataFrame:
    """One row per record: its person, and by which identifier it belongs there."""
    linked = labelled.group_by("record").agg(pl.col("node").min(), pl.col("component").first())
    linked = linked.with_columns(pl.len().over("component").alias("of_person")).join(names, on="component")
    kinds = graph.nodes.select("node", "identifier_type")
    known = linked.join(kinds, on="node").join(graph.records, on="record").drop("record", "node", "component")
    every = pl.DataFrame({"record_id": record_ids}).join(known, on="record_id", how="left", maintain_order="left")
    alone = every.filter(pl.col("person_id").is_null())["record_id"].to_list()
    own = pl.DataFrame(
        {"record_id": alone, "own": [person_named(f"record|{each}") for each in alone]},
        {"record_id": pl.String, "own": pl.String},
    )
    method = pl.when(pl.col("of_person").fill_null(1) == 1).then(pl.lit("alone")).otherwise(_method())
    return (
        every.with_columns(method.alias("method"))
        .join(own, on="record_id", how="left", maintain_order="left")
        .with_columns(_method().fill_null("alone").alias("known_by"), confidence("method"))
        .select("record_id", pl.coalesce("person_id", "own").alias("person_id"), "method", "confidence", "known_by")
    )


def _method() -> pl.Expr:
    strong = pl.col("identifier_type").is_in(BY_RANK["strong"])
    return pl.when(strong).then(pl.lit("strong_id")).otherwise(pl.col("identifier_type"))


def confidence(method: str) -> pl.Expr:
    """The column `confidence` that belongs to a column of methods."""
    return pl.col(method).replace_strict(CONFIDENCE, return_dtype=pl.Float64).alias("confidence")


def _id_map(labelled: pl.DataFrame, names: pl.DataFrame, graph: Graph) -> pl.DataFrame:
    """One row per identifier: its person, and the first record that carries it beside another identifier."""
    lonely = pl.when(pl.len().over("record") == 1).then(NEVER).otherwise(0)
    ties = labelled.with_columns((pl.col("at") // 2 + lonely).alias("order"))
    carried = labelled.group_by("node").agg(pl.len().alias("records"))
    first = ties.filter(pl.col("order") == pl.col("order").min().over("node"))
    first = first.group_by("node").agg(pl.col("record").min(), pl.col("component").first())
    return (
        first.with_columns(pl.len().over("component").alias("of_person"))
        .join(carried, on="node")
        .join(names, on="component")
        .join(graph.nodes, on="node")
        .join(graph.records, on="record")
        .with_columns(pl.when(pl.col("of_person") == 1).then(pl.lit("alone")).otherwise(_method()).alias("rule"))
        .sort("node")
        .select("identifier_type", "token", "person_id", "records", "rule", confidence("rule"), evidence="record_id")
    )
