"""Take apart the few components that hold two people: add their edges one by one, and refuse what would merge them."""

from __future__ import annotations

import polars as pl

from tasks.build.identifiers import PLACE

_EDGE = ("record_id", "identifier_type", "token")
Node = tuple[str, str]  # ("record", its id) or (identifier type, token)


def split(labelled: pl.DataFrame, conflicted: pl.Series, strong: tuple[str, ...]) -> pl.DataFrame:
    """The observations with new component numbers where a component was in conflict; refused edges are left out.

    Edges come in the order of trust, then of their texts, so that the result does not depend on the order of rows.
    """
    if conflicted.is_empty():
        return labelled
    inside = pl.col("component").is_in(conflicted.implode())
    fine, edges = labelled.filter(~inside), labelled.filter(inside)
    forest = _Forest(strong)
    ordered = edges.sort(
        pl.col("identifier_type").replace_strict(PLACE, return_dtype=pl.Int64), "token", "record_id"
    ).select(*_EDGE)
    kept = [edge for edge in ordered.iter_rows() if forest.joined(("record", edge[0]), (edge[1], edge[2]))]
    number = {root: place for place, root in enumerate(sorted({forest.root(("record", edge[0])) for edge in kept}))}
    above = int(labelled["component"].max() or 0) + 1  # type: ignore[arg-type]  # an integer column
    placed = [(*edge, above + number[forest.root(("record", edge[0]))]) for edge in kept]
    columns = dict.fromkeys(_EDGE, pl.String) | {"component": pl.Int64}
    moved = edges.drop("component").join(pl.DataFrame(placed, schema=columns, orient="row"), on=_EDGE)
    return pl.concat([fine, moved.select(labelled.columns)])


class _Forest:
    """Disjoint sets that know which strong id of each type they hold."""

    def __init__(self, strong: tuple[str, ...]) -> None:
        self.strong = strong
        self.parent: dict[Node, Node] = {}
        self.ids: dict[Node, dict[str, str]] = {}

    def root(self, node: Node) -> Node:
        if node not in self.parent:
            self.parent[node] = node
            self.ids[node] = {node[0]: node[1]} if node[0] in self.strong else {}
        while self.parent[node] != node:
            self.parent[node] = self.parent[self.parent[node]]
            node = self.parent[node]
        return node

    def joined(self, one: Node, other: Node) -> bool:
        """Whether the two are in one set now; False where that would put two strong ids of a type into it."""
        left, right = sorted((self.root(one), self.root(other)))
        if left == right:
            return True
        known, more = self.ids[left], self.ids[right]
        if any(known.get(kind, value) != value for kind, value in more.items()):
            return False
        self.parent[right] = left
        known.update(more)
        return True
