"""What every table is made of, down to the streams of the sources: dbt's own lineage, and the tables that Python makes.

dbt sees a table of the schemas `identity`, `ops` and `computed` as a source that nothing is behind. A gate must know
better: who is behind an order follows from what every system says about people.
"""

from __future__ import annotations

from dataclasses import replace

from expectations.declare.source import load_all
from tasks import doors
from tasks.adapters.dbt_manifest import Node, Project, read_project
from tasks.backfill.figures import FIGURES
from tasks.build.channel_credits import PATHS, TABLE

# What columns mean: about the marts, and made of no record.
CATALOG = "marts.feature_catalog"
# The pipeline's own notes and what people gave: no record of a source reaches them.
_NOTES = ("ops", "plumbline", "publication")
# What signed figures would be now is measured in the marts.
_MEASURED = "ops.period_entries"


def lineage() -> Project | None:
    """Everything that is built, with all that it is made of; None before dbt has read the project once."""
    project = read_project(doors.dbt().config.work)
    return completed(project) if project else None


def completed(project: Project) -> Project:
    """The same project; tables that Python makes have parents, too, where they are what their step reads."""
    nodes = {name: _with_parents(node, project) for name, node in (_CATALOG | dict(project.nodes)).items()}
    children: dict[str, set[str]] = {name: set(node.children) for name, node in nodes.items()}
    for node in nodes.values():
        for parent in node.parents:
            children[parent].add(node.name)
    return Project({name: replace(node, children=tuple(sorted(children[name]))) for name, node in nodes.items()})


def _with_parents(node: Node, project: Project) -> Node:
    if node.kind != "source" or node.source:
        return node
    parents = _made_of(node, project) & project.nodes.keys() - {node.name}
    return replace(node, parents=tuple(sorted(parents)))


def _made_of(node: Node, project: Project) -> set[str]:
    """What the step reads that writes a table; a table that nobody described here is made of every stream."""
    schema, place = node.name.partition(".")[0], f"{node.schema}.{node.table}"
    if place == TABLE:
        return {PATHS}
    if node.name == _MEASURED:
        return {spec.mart for spec in FIGURES}
    if schema in _NOTES or place == CATALOG:
        return set()
    if schema == "identity":
        return _of_people()
    return {name for name, other in project.nodes.items() if other.source}


def _of_people() -> set[str]:
    """The streams whose observations the people follow from."""
    streams = [stream for source in load_all().values() for stream in source.streams.values()]
    return {f"{each.source}.{each.name}" for each in streams if each.identifies or each.merges}


_CATALOG = {
    "computed.feature_catalog": Node(
        name="computed.feature_catalog",
        kind="source",
        schema="marts",
        table="feature_catalog",
        path="models",
        description="Every column of the marts and every metric, one row each.",
        columns={},
        parents=(),
        children=(),
        checks=(),
    )
}
