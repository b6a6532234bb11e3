"""The feature catalog: every column of the marts and every metric as one row, for people who look for data.

It is made of what dbt and the declarations say at the end of each build, so that nobody writes it and nothing in it is
older than the marts; types come from the warehouse itself.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from expectations.declare.metrics import Metric, Metrics, load_metrics
from expectations.declare.source import load_all
from tasks import doors
from tasks.adapters.dbt_manifest import Node, Project
from tasks.adapters.warehouse.base import Row, Warehouse
from tasks.adapters.warehouse.copies import Copy
from tasks.build.lineage import CATALOG, lineage
from tasks.outcomes import recorded

TABLE = CATALOG
COLUMNS = dict.fromkeys(
    (
        *("name", "entity", "kind", "description", "type", "source"),
        *("transformation", "frequency", "quality", "owner"),
    ),
    "varchar",
)
SCHEMAS = ("marts", "operations")
_PIPELINE = "the pipeline itself"
# By the unit of a metric: what the mart fct_metrics_daily gives.
_VALUE = "decimal"
Types = Mapping[str, Mapping[str, str]]  # schema.table to column to type


@dataclass(frozen=True)
class Catalogued:
    """How many columns and metrics the catalog has; `changed` tells whether it was written anew."""

    rows: int
    changed: bool


@recorded
def catalog(warehouse: Warehouse) -> Catalogued:
    """Bring `marts.feature_catalog` up to date; without a build of dbt there is nothing to tell."""
    project = lineage()
    if project is None:
        return Catalogued(0, changed=False)
    types = _types(warehouse)
    _keep(types)
    rows = rows_of(project, load_metrics(), types)
    if _known(warehouse) == rows:
        return Catalogued(len(rows), changed=False)
    warehouse.put(Copy(TABLE, COLUMNS, rows))
    return Catalogued(len(rows), changed=True)


def rows_of(project: Project, metrics: Metrics, types: Types) -> list[tuple[str, ...]]:
    """The rows in the order of `COLUMNS`, sorted by name."""
    marts = [node for node in project.nodes.values() if node.schema in SCHEMAS and node.kind == "model"]
    columns = [
        row for node in marts for row in _columns_of(project, node, types.get(f"{node.schema}.{node.table}", {}))
    ]
    return sorted([*columns, *(_metric(project, metrics, metric) for metric in metrics.metrics)])


def kept_types() -> Types:
    """The types of the last build; empty before the first."""
    path = doors.dbt().config.work / "types.json"
    found: Types = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def _keep(types: Types) -> None:
    """Beside dbt's own work, for the pages of the site: they are written without opening the warehouse."""
    path = doors.dbt().config.work / "types.json"
    text = json.dumps(types, indent=1, sort_keys=True)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)


def _columns_of(project: Project, node: Node, types: Mapping[str, str]) -> list[tuple[str, ...]]:
    behind = project.sources_behind(node.name)
    made = f"dbt/{node.path}, from {', '.join(node.parents)}" if node.parents else f"dbt/{node.path}"
    return [
        (
            f"{node.name}.{column}",
            node.name,
            "column",
            description,
            types.get(column, "not built yet"),
            ", ".join(behind) or _PIPELINE,
            made,
            frequency(behind),
            "; ".join(check.name for check in node.checks_of(column)),
            _owners(behind),
        )
        for column, description in node.columns.items()
    ]


def _metric(project: Project, metrics: Metrics, metric: Metric) -> tuple[str, ...]:
    marts = metrics.marts(metric)
    behind = project.sources_behind(*marts)
    return (
        f"metric {metric.name}",
        "fct_metrics_daily",
        "metric",
        f"{metric.description} Basis: {metric.meta.basis}.",
        _VALUE,
        ", ".join(behind),
        metrics.formula(metric),
        frequency(behind),
        "; ".join(check.name for check in project.checks_behind(*marts)),
        metric.meta.owner,
    )


def frequency(behind: tuple[str, ...]) -> str:
    """When new rows can come: the schedules of the sources behind it."""
    plans = [f"{name} {source.schedule}" for name, source in load_all().items() if name in behind]
    return f"each build, after {', '.join(plans)}" if plans else "each build"


def _owners(behind: tuple[str, ...]) -> str:
    owners = dict.fromkeys(source.owner.slack for name, source in load_all().items() if name in behind)
    return ", ".join(owners) or "@data-engineering"


def _types(warehouse: Warehouse) -> dict[str, dict[str, str]]:
    asked = "select lower(table_schema), lower(table_name), lower(column_name), lower(data_type)"
    rows = warehouse.query(
        f"{asked} from information_schema.columns"
        " where lower(table_schema) in ('marts', 'operations', 'intermediate', 'staging', 'quality', 'identity')"
        " order by 1, 2, 3"
    )
    found: dict[str, dict[str, str]] = {}
    for schema, table, column, kind in rows:
        found.setdefault(f"{schema}.{table}", {})[str(column)] = str(kind)
    return found


def _known(warehouse: Warehouse) -> list[Row]:
    if TABLE.split(".")[1] not in warehouse.relations("marts"):
        return []
    return sorted(warehouse.query(f"select {', '.join(COLUMNS)} from {TABLE}"))  # noqa: S608 - constants
