"""Writes the measurement models: what the warehouse counts about every window, for the checks to judge.

One model per source. It drives itself: every window of the load ledger with something newer than what is
measured already is measured (again), so nothing has to be passed in. The newest measurement of a window counts.
"""

from __future__ import annotations

from deployments.render.payload import holds
from deployments.render.reconcile import reconcile_step
from deployments.render.restated import restated_step
from deployments.render.text import filled
from deployments.render.watch import watch_step
from expectations.declare.contract import BROKEN, can_fail, contract
from expectations.declare.field import Field, column_name
from expectations.declare.source import Source
from expectations.declare.stream import Stream
from expectations.judge.nulls import HISTORY_DAYS

COLUMNS = {
    "window_start": "Start of the window that was measured (UTC)",
    "window_end": "End of the window, not included (UTC)",
    "source": "Source of the rows",
    "model": "Stream or mart",
    "account": "Account, or what else the figure is split by; empty for the whole stream",
    "day": "Day of the figure; null for the whole window",
    "metric": "What was counted",
    "field": "Declared field, payload key, or the campaign of a campaign_ metric; empty where the metric is about rows",
    "value": "The figure",
    "baseline": "What was before: the pooled rate of the 28 days before, or the figure that a restatement replaced",
    "baseline_n": "How much history stands behind the baseline: rows pooled, or account-days",
    "detail": "Remark without any personal value",
    "sync_id": "Airbyte job that delivered the batch",
    "load_seq": "Load sequence up to which the window was measured",
}


def measures_of(source: Source) -> dict[str, str]:
    """The measurement model of a source and its description, by path below `dbt/`."""
    made = [
        step
        for s in source.streams.values()
        for step in (watch_step(s), reconcile_step(source, s), restated_step(source, s))
        if step
    ]
    text = filled(
        "measure",
        source=source.name,
        streams=list(source.streams),
        reach=source.reach,
        batches=[_batch(source, stream) for stream in source.streams.values()],
        days=HISTORY_DAYS,
        steps=[step.text for step in made],
        figures=[step.name for step in made],
    )
    path = f"models/quality/{source.measure_model}"
    return {f"{path}.sql": text, f"{path}.yml": _described(source.measure_model, source.title)}


def measurements_view(sources: dict[str, Source]) -> dict[str, str]:
    """The view over all measurements: the newest of every window, of every source measured so far."""
    text = filled("measurements", models=[source.measure_model for source in sources.values()])
    return {
        "models/quality/measurements.sql": text,
        "models/quality/measurements.yml": _described("measurements", "every source"),
    }


def _described(model: str, title: str) -> str:
    grain = "One row per window, model, account, day, metric and field"
    lines = ["version: 2", "models:", f"  - name: {model}", f'    description: "{grain}: what was counted of {title}."']
    lines += ["    columns:"]
    for name, text in COLUMNS.items():
        lines += [f"      - name: {name}", f'        description: "{text}"']
    return "\n".join(lines) + "\n"


def _batch(source: Source, stream: Stream) -> str:
    counts, uncastable, held = _counts(stream), _castable(stream), _held(stream)
    wide = {"sync_rows": "batches.sync_rows", "duplicate_rows": "contents.duplicate_rows"}
    wide["duplicate_objects"] = "objects.duplicate_objects"
    wide |= {name: f'counted."{name}"' for name in counts}
    wide |= {f"uncastable:{field.name}": f'uncastable."uncastable:{field.name}"' for field in uncastable}
    wide |= {name: f'held."{name}"' for name in held}
    return filled(
        "measure_stream",
        s=stream.name,
        source=source.name,
        staging=stream.staging_model,
        typed=stream.typed_model,
        held=[f'{text} as "{name}"' for name, text in held.items()],
        counts=[f'{text} as "{name}"' for name, text in counts.items()],
        uncastable=uncastable,
        sums=[_failed(field) for field in uncastable],
        any_null=[f"typed.{field.column} is null" for field in uncastable],
        wide=[f'cast({place} as decimal(38, 6)) as "{name}"' for name, place in wide.items()],
        names=[f'"{name}"' for name in wide],
        keys=[f"('{key}')" for key in contract(stream).payload_keys],
    )


def _counts(stream: Stream) -> dict[str, str]:
    """Metric name to aggregate over the staging rows of one batch."""
    keys = [f"typed.{name}" for name in stream.key_columns]
    text = " || '|' || ".join(f"cast({key} as varchar)" for key in keys)
    counts = {
        "rows": "count(*)",
        "distinct_keys": f"count(distinct {text})",
        "null_keys": f"sum(case when {' or '.join(f'{key} is null' for key in keys)} then 1 else 0 end)",
    }
    if stream.alike_within:
        counts["groups"] = f"approx_count_distinct(typed.{stream.fields[stream.alike_within].column})"
    for field in stream.fields.values():
        if field.pii != "drop":
            column = f"{column_name(field.name)}_path" if field.type == "url" else field.column
            counts[f"nulls:{field.name}"] = f"count(*) - count(typed.{column})"
    return counts


def _castable(stream: Stream) -> list[Field]:
    """Fields whose typing can fail: a value in the payload that is null in staging."""
    return [field for field in stream.fields.values() if can_fail(field)]


def _held(stream: Stream) -> dict[str, str]:
    """Metric name to aggregate over all typed rows of one batch: how many rows each rule holds back."""
    rules = [(one.column, rule) for one in contract(stream).held for rule in one.rules]
    found = f"sum(case when contains(' ' || typed.{BROKEN} || ' ', ' %s:%s ') then 1 else 0 end)"
    return {f"quarantined:{column} {rule}": found % (rule, column) for column, rule in rules}


def _failed(field: Field) -> str:
    when = f"case when typed.{field.column} is null and {holds(field, 'delivered._airbyte_data')} then 1 else 0 end"
    return f'sum({when}) as "uncastable:{field.name}"'
