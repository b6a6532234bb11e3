"""Compiles the metrics to SQL, from the very YAML that MetricFlow reads, and writes those that exist once per model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deployments.render.text import filled, filled_file
from expectations.declare.metrics import METRICS, Metrics, SemanticModel, load_metrics

# As macro attribution_models() lists them; a test compares.
MODELS = (
    ("first_touch", "first touch"),
    ("last_touch", "last touch"),
    ("last_non_direct", "last non-direct touch"),
    ("linear", "linear attribution"),
    ("position_based", "position-based attribution (40/20/40)"),
    ("time_decay", "time-decay attribution (half-life 7 days)"),
)
BASES = (
    ("refund_date", "", "sales on the order date and returns on the refund date"),
    ("touch_date", "_by_touch", "both on the day of the credited visit"),
)
ATTRIBUTED = "attributed.yml"


@dataclass(frozen=True)
class Term:
    """A measure in a metric: its sign above and below the line."""

    metric: str
    measure: str
    above: int
    below: int


def attributed_metrics() -> str:
    """The YAML of the metrics that exist once for each attribution model."""
    return filled_file(ATTRIBUTED, models=MODELS, bases=BASES)


def metrics_daily(folder: Path = METRICS) -> str:
    """The SQL of `fct_metrics_daily`."""
    found = load_metrics(folder)
    return filled(
        "metrics_daily",
        models=found.semantic_models,
        metrics=found.metrics,
        terms=_terms(found),
        last=partial(_is_last, found),
        cut=_cut,
        text=lambda value: f"'{value}'" if value else "null",
        truth=lambda value: "true" if value else "false",
    )


def _terms(found: Metrics) -> list[Term]:
    terms = []
    for metric in found.metrics:
        above, below = found.numerator(metric), found.denominator(metric)
        measures = dict.fromkeys((*above, *below))
        terms += [Term(metric.name, name, above.get(name, 0), below.get(name, 0)) for name in measures]
    return terms


def _is_last(found: Metrics, model: SemanticModel) -> bool:
    return model is found.semantic_models[-1]


def _cut(model: SemanticModel, name: str) -> str:
    return model.cut(name) or "cast(null as varchar)"
