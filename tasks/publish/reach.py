"""How far a finding reaches: the marts that are made of what it is about.

Whoever descends from what is wrong is concerned, so of two marts that must agree the one that is made of the other is
never newer. What is not known concerns everything: a finding about nothing that is built, a mart without a lineage.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from tasks.adapters.dbt_manifest import Project
from tasks.build.lineage import lineage

MARTS = "marts"
SHOWN = 5


class About(Protocol):
    """What a finding says of its place; verdicts, incidents and obstacles are such."""

    @property
    def source(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def scope(self) -> str: ...


@dataclass(frozen=True)
class Reach:
    """Marts with everything that each is made of, near and far; `made_of` is None for a mart that no lineage names."""

    project: Project
    made_of: Mapping[str, frozenset[str] | None]

    def of(self, about: About) -> frozenset[str]:
        """The marts that a finding concerns."""
        return self._reached(self._nodes(about))

    def marked(self, about: About) -> frozenset[str]:
        """The marts whose figures a warning is about; what is not known (the schedule, a machine) is about none."""
        nodes = self._nodes(about)
        return self._reached(nodes) if nodes else frozenset()

    def of_name(self, name: str) -> frozenset[str]:
        """The marts that descend from a source, a model or a mart; all of them for no name and for an unknown one."""
        return self._reached((self._of_source(name) or self._named(name)) if name else ())

    def sources(self, mart: str) -> frozenset[str]:
        """The declared sources behind a mart."""
        nodes = self.made_of.get(mart) or frozenset()
        return frozenset(self.project.nodes[name].source for name in nodes) - {""}

    def _reached(self, nodes: Collection[str]) -> frozenset[str]:
        if not nodes:
            return frozenset(self.made_of)
        return frozenset(mart for mart, parts in self.made_of.items() if parts is None or not parts.isdisjoint(nodes))

    def _nodes(self, about: About) -> set[str]:
        """The models and streams that a finding is about; none where it is not known, or breaks what checks read."""
        named = self._named_by(about)
        if named and self._reached(named):
            return named
        # What only the checks of a source read (a control total, its measurements) speaks about the whole of it.
        of_source = self._of_source(about.source)
        return of_source or {name for name in named if self.project.nodes[name].schema != "quality"}

    def _named_by(self, about: About) -> set[str]:
        nodes = self.project.nodes
        if about.source == MARTS:
            tested = {name for name in nodes if any(check.name == about.scope for check in nodes[name].checks)}
            # The suite of the marts names one in its scope, with the day.
            return tested or self._named(about.model) or self._named(about.scope.partition(" ")[0])
        stream = f"{about.source}.{about.model}"
        return {name for name in (stream, about.model) if name in nodes}

    def _of_source(self, source: str) -> set[str]:
        return {name for name, node in self.project.nodes.items() if node.source == source}

    def _named(self, name: str) -> set[str]:
        return {each for each, node in self.project.nodes.items() if name in (each, node.table) and not node.source}


def reach(marts: Collection[str]) -> Reach:
    """How far findings reach among these marts, by the lineage of the last build."""
    return reach_in(lineage() or Project({}), marts)


def reach_in(project: Project, marts: Collection[str]) -> Reach:
    """How far findings reach among these marts, by this lineage."""
    known = {node.table: name for name, node in project.nodes.items() if node.schema == MARTS}
    return Reach(
        project, {mart: frozenset(project.behind(known[mart])) if mart in known else None for mart in sorted(marts)}
    )


def built_marts() -> tuple[str, ...]:
    """Every mart that the last build knows; none before the first."""
    project = lineage()
    return tuple(sorted(node.table for node in project.nodes.values() if node.schema == MARTS)) if project else ()


def some(names: Collection[str]) -> str:
    """A few of them in order, and how many more there are."""
    more = len(names) - SHOWN
    return ", ".join(sorted(names)[:SHOWN]) + (f" and {more} more" if more > 0 else "")
