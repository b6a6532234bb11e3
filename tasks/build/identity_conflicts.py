"""Take apart the few components that hold two people: add their edges one by one, and refuse what would merge them."""

from __future__ import annotations

import polars as pl


def split(labelled: pl.DataFrame, conflicted: pl.Series, strong: int) -> pl.DataFrame:
    """The edges with new component numbers where a component was in conflict; refused edges are left out.

    `labelled` has (record, node, place, at, component); the places below `strong` are those of strong ids. Nodes
    are numbered in the order of trust, then of their texts, records in the order of their texts: edges come in that
    order, so that the result does not depend on the order of rows.
    """
    if conflicted.is_empty():
        return labelled
    inside = pl.col("component").is_in(conflicted.implode())
    fine, edges = labelled.filter(~inside), labelled.filter(inside).sort("node", "record")
    forest = _Forest(strong)
    joined = [forest.joined(record, node, place) for record, node, place, *_ in edges.iter_rows()]
    kept = edges.filter(pl.Series(joined, dtype=pl.Boolean))
    roots = [forest.root(_of_record(record)) for record in kept["record"]]
    number = {root: place for place, root in enumerate(sorted(set(roots)))}
    above = int(labelled["component"].max() or 0) + 1  # type: ignore[arg-type]  # an integer column
    component = pl.Series("component", [above + number[root] for root in roots], dtype=pl.Int64)
    return pl.concat([fine, kept.with_columns(component)])


def _of_record(record: int) -> int:
    return -record - 1


class _Forest:
    """Disjoint sets of records (negative) and nodes that know which strong id of each type they hold."""

    def __init__(self, strong: int) -> None:
        self.strong = strong
        self.parent: dict[int, int] = {}
        self.ids: dict[int, dict[int, int]] = {}

    def root(self, one: int) -> int:
        """The set that something is in; it is its own before it was joined."""
        while self.parent.setdefault(one, one) != one:
            self.parent[one] = self.parent[self.parent[one]]
            one = self.parent[one]
        return one

    def joined(self, record: int, node: int, place: int) -> bool:
        """Whether the two are in one set now; False where that would put two strong ids of a type into it."""
        if place < self.strong:
            self.ids.setdefault(node, {place: node}) if node not in self.parent else None
        left, right = sorted((self.root(_of_record(record)), self.root(node)))
        if left == right:
            return True
        known, more = self.ids.get(left, {}), self.ids.get(right, {})
        if any(known.get(kind, value) != value for kind, value in more.items()):
            return False
        self.parent[right] = left
        self.ids[left] = known | more
        return True
