"""The metrics as people declare them: MetricFlow YAML beside the marts, read once for SQL, the site and the catalog.

A metric is a sum of measures, or a ratio of two such sums: so it can be asked at any grain, and no ratio is ever
averaged. MetricFlow itself reads the same files; a test compares its answers with the compiled mart.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from expectations.declare.errors import Misconfigured
from expectations.declare.reading import explained, read
from expectations.declare.source import SOURCES

METRICS = SOURCES.parents[1] / "dbt" / "models" / "marts" / "metrics"
CUTS = ("channel", "source")
_REF = re.compile(r"^ref\('([a-z_0-9]+)'\)$")
_TERM = re.compile(r"([+-])\s*([a-z_][a-z_0-9]*)")
Terms = Mapping[str, int]  # measure to its sign


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Measure(_Shape):
    """A column or expression that is added up."""

    name: str
    agg: Literal["sum"]
    expr: str


class Entity(_Shape):
    """What a measure can be cut by, with its expression in the mart."""

    name: Literal["channel", "source"]
    type: Literal["foreign"]
    expr: str


class Granularity(_Shape):
    """Days are the finest grain."""

    time_granularity: Literal["day"]


class Day(_Shape):
    """The column that dates a row."""

    name: str
    type: Literal["time"]
    expr: str
    type_params: Granularity


class Defaults(_Shape):
    """Names the day."""

    agg_time_dimension: str


class SemanticModel(_Shape):
    """A mart with its measures."""

    name: str
    description: str
    model: str = Field(pattern=_REF.pattern)
    defaults: Defaults
    primary_entity: str
    entities: tuple[Entity, ...]
    dimensions: tuple[Day] = Field(min_length=1, max_length=1)
    measures: tuple[Measure, ...]

    @property
    def mart(self) -> str:
        """The name of the mart."""
        found = _REF.match(self.model)
        assert found is not None  # the pattern of the field
        return found[1]

    def cut(self, name: str) -> str | None:
        """The expression of a cut in the mart; None where the mart has none."""
        return next((entity.expr for entity in self.entities if entity.name == name), None)


class Summed(_Shape):
    """The measure of a simple metric; where a period has no rows it is zero and not unknown."""

    name: str
    fill_nulls_with: Literal[0]


class Input(_Shape):
    """A metric that a derived one is made of."""

    name: str


class TypeParams(_Shape):
    """What a metric is made of, by its type."""

    measure: Summed | None = None
    numerator: str | None = None
    denominator: str | None = None
    expr: str | None = None
    metrics: tuple[Input, ...] = ()


class Meta(_Shape):
    """What readers must know beside the formula: whose it is, whose clock it has and what may cut it."""

    owner: str = Field(pattern="^@")
    basis: Literal["account_day", "platform", "session_date", "entered_date", "order_date", "refund_date", "touch_date"]
    cut_by: tuple[Literal["channel", "source"], ...]
    unit: Literal["money", "count", "share", "ratio"]
    family: str | None = None
    model: str | None = None


class Config(_Shape):
    """dbt's place for what it does not know."""

    meta: Meta


class Metric(_Shape):
    """One published metric."""

    name: str = Field(pattern="^[a-z][a-z0-9_]*$")
    label: str
    description: str
    type: Literal["simple", "ratio", "derived"]
    type_params: TypeParams
    config: Config

    @property
    def meta(self) -> Meta:
        """What stands beside the formula."""
        return self.config.meta

    @property
    def family(self) -> str:
        """The name without model and basis."""
        return self.meta.family or self.name


class _File(_Shape):
    semantic_models: tuple[SemanticModel, ...] = ()
    metrics: tuple[Metric, ...] = ()


@dataclass(frozen=True)
class Metrics:
    """All of them, in the order of the files."""

    semantic_models: tuple[SemanticModel, ...]
    metrics: tuple[Metric, ...]

    def home(self, measure: str) -> SemanticModel:
        """The semantic model of a measure."""
        return next(s for s in self.semantic_models if any(m.name == measure for m in s.measures))

    def measure(self, name: str) -> Measure:
        """A measure by its name."""
        return next(m for m in self.home(name).measures if m.name == name)

    def metric(self, name: str) -> Metric:
        """A metric by its name."""
        return next(m for m in self.metrics if m.name == name)

    def numerator(self, metric: Metric) -> Terms:
        """The measures above the line; all of them where there is none."""
        return self._terms(metric.type_params.numerator or metric.name)

    def denominator(self, metric: Metric) -> Terms:
        """The measures below the line; nothing where the metric is no ratio."""
        below = metric.type_params.denominator
        return self._terms(below) if below else {}

    def marts(self, metric: Metric) -> tuple[str, ...]:
        """The marts that a metric is computed from."""
        measures = [*self.numerator(metric), *self.denominator(metric)]
        return tuple(dict.fromkeys(self.home(measure).mart for measure in measures))

    def formula(self, metric: Metric) -> str:
        """How it is computed, in names of metrics and columns."""
        params = metric.type_params
        if params.measure:
            summed = params.measure.name
            return f"sum({self.measure(summed).expr}) over {self.home(summed).mart}"
        return params.expr or f"{params.numerator} / {params.denominator}"

    def _terms(self, name: str) -> Terms:
        params = self.metric(name).type_params
        if params.measure:
            return {params.measure.name: 1}
        found: dict[str, int] = {}
        for sign, part in _TERM.findall(f"+ {params.expr}"):
            for measure, factor in self._terms(part).items():
                found[measure] = found.get(measure, 0) + (factor if sign == "+" else -factor)
        return found


def load_metrics(folder: Path = METRICS) -> Metrics:
    """Every file of the folder; `Misconfigured` lists all faults of a file, or of how the files fit together."""
    files = [_read(path) for path in _files(folder)]
    found = Metrics(
        tuple(each for file in files for each in file.semantic_models),
        tuple(each for file in files for each in file.metrics),
    )
    if faults := list(_faults(found)):
        listed = "\n  - ".join(faults)
        raise Misconfigured(f"the metrics do not fit together:\n  - {listed}\n", where=str(folder), do="Mend the files")
    return found


def metrics_hash(folder: Path = METRICS) -> str:
    """Changes when a definition does."""
    texts = [path.read_text(encoding="utf-8") for path in _files(folder)]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _files(folder: Path) -> list[Path]:
    """Without the descriptions of the marts that stand in the folder too."""
    return [path for path in sorted(folder.glob("*.yml")) if not path.with_suffix(".sql").exists()]


def _read(path: Path) -> _File:
    text = read(path)
    try:
        return _File.model_validate(text.values)
    except ValidationError as error:
        raise text.refused(explained(error, _File, text)) from None


def _faults(found: Metrics) -> Iterator[str]:
    names = {metric.name: metric for metric in found.metrics}
    measures = [measure.name for model in found.semantic_models for measure in model.measures]
    for what, listed in (("metric", [m.name for m in found.metrics]), ("measure", measures)):
        yield from (f"{what} {name} stands twice" for name in sorted({n for n in listed if listed.count(n) > 1}))
    wrong = [fault for metric in found.metrics for fault in _unknown(metric, names, measures)]
    yield from wrong
    for metric in found.metrics if not wrong else ():
        if missing := _not_cut(found, metric):
            yield f"{metric.name} cannot be cut by {missing}: a mart that it is made of does not know it"


def _unknown(metric: Metric, names: Mapping[str, Metric], measures: list[str]) -> Iterator[str]:
    params = metric.type_params
    if metric.type == "simple" and (params.measure is None or params.measure.name not in measures):
        yield f"{metric.name} does not sum a measure of a semantic model"
    if metric.type == "derived" and [part for _, part in _TERM.findall(f"+ {params.expr}")] != [
        part.name for part in params.metrics
    ]:
        yield f"{metric.name} must be a sum or difference of exactly the metrics that it lists, in their order"
    parts = (params.numerator, params.denominator) if metric.type == "ratio" else tuple(m.name for m in params.metrics)
    for part in parts:
        if part is None or part not in names or names[part].type == "ratio":
            yield f"{metric.name} is made of {part}, which is no sum"


def _not_cut(found: Metrics, metric: Metric) -> str:
    models = [found.home(measure) for measure in (*found.numerator(metric), *found.denominator(metric))]
    return next((cut for cut in metric.meta.cut_by if any(model.cut(cut) is None for model in models)), "")
