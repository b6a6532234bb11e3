"""What the numbers are made of, as pages: every metric with its definition, every table with its columns and lineage.

They are written anew when the project or a type has changed, not at each build. dbt's own documentation asks for
scripts and shows one light page; these need neither and are searched by the browser (deployments/decisions).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from expectations.declare.metrics import CUTS, Metric, Metrics, load_metrics
from tasks.adapters.dbt_manifest import Check, Node, Project
from tasks.build.catalog import Types, frequency, kept_types
from tasks.build.lineage import lineage
from tasks.publish.site_parts import write_if_new
from tasks.publish.site_write import PAGES, write_page

_TEMPLATES = ("layout.html", "metrics.html", "models.html", "model.html")
# How people say where a schema stands in the journey of a record.
LAYERS = {
    "marts": "Marts, what is published",
    "operations": "Marts about the pipeline itself",
    "intermediate": "Current rows and conformed facts",
    "identity": "Identity",
    "staging": "Typed history",
    "quality": "Measurements",
    "ops": "What the pipeline knows about itself",
    "raw": "Raw, as it was loaded",
}


@dataclass(frozen=True)
class MetricShown:
    """One metric as the page shows it; `grain` are the cuts below the day."""

    metric: Metric
    formula: str
    grain: str
    marts: tuple[str, ...]
    frequency: str
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class ColumnShown:
    """One column of a table with the checks that name it."""

    name: str
    type: str
    description: str
    checks: tuple[str, ...]


def model_pages(site: Path, *, again: bool = False) -> None:
    """Bring the pages below `models/` and `metrics.html` up to date; before the first build there are none.

    `again` writes them although nothing has changed.
    """
    project = lineage()
    if project is None:
        return
    metrics, types = load_metrics(), kept_types()
    state = _state(project, metrics, types)
    stamp = site / "models" / ".state"
    if not again and stamp.exists() and stamp.read_text() == state:
        return
    stamp.parent.mkdir(parents=True, exist_ok=True)  # every page links to it from now on
    shown = [_metric(project, metrics, metric) for metric in metrics.metrics]
    write_page(site / "metrics.html", "metrics.html", metrics=shown)
    graph = (site / "models" / "dbt.html").exists()
    layers = {title: _layer(project, schema) for schema, title in LAYERS.items()}
    write_page(
        site / "models" / "index.html", "models.html", layers={k: v for k, v in layers.items() if v}, graph=graph
    )
    for node in project.nodes.values():
        write_page(site / "models" / f"{node.name}.html", "model.html", **_facts(project, metrics, node, types))
    write_if_new(stamp, state)


def _state(project: Project, metrics: Metrics, types: Types) -> str:
    told = [repr(sorted(project.nodes.items())), repr(metrics), json.dumps(types, sort_keys=True)]
    told += [(PAGES / name).read_text() for name in _TEMPLATES]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _layer(project: Project, schema: str) -> list[Node]:
    return sorted((node for node in project.nodes.values() if node.schema == schema), key=lambda node: node.name)


def _metric(project: Project, metrics: Metrics, metric: Metric) -> MetricShown:
    marts = tuple(name for name in metrics.marts(metric) if name in project.nodes)
    cuts = [cut for cut in CUTS if cut in metric.meta.cut_by]
    return MetricShown(
        metric,
        metrics.formula(metric),
        ", ".join(["day and coarser", *cuts]),
        marts,
        frequency(project.sources_behind(*marts)),
        project.checks_behind(*marts),
    )


def _facts(project: Project, metrics: Metrics, node: Node, types: Types) -> dict[str, object]:
    known = types.get(f"{node.schema}.{node.table}", {})
    columns = [
        ColumnShown(name, known.get(name, ""), about, tuple(check.name for check in node.checks if name in check.words))
        for name, about in node.columns.items()
    ]
    uses = [metric.name for metric in metrics.metrics if node.name in metrics.marts(metric)]
    return {"node": node, "columns": columns, "behind": project.sources_behind(node.name), "metrics": uses}
