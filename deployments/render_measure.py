"""Writes the measurement models: what the warehouse counts about every window, for the checks to judge.

One model per source. It drives itself: every window of the load ledger with something newer than what is
measured already is measured (again), so nothing has to be passed in. The newest measurement of a window counts.
"""

from __future__ import annotations

from deployments.render_reconcile import reconcile_steps
from deployments.render_watch import watch_steps
from expectations.declare.contract import contract
from expectations.declare.field import Field, column_name
from expectations.declare.source import Source
from expectations.declare.stream import Stream

COLUMNS = {
    "window_start": "Start of the window that was measured (UTC)",
    "window_end": "End of the window, not included (UTC)",
    "source": "Source of the rows",
    "model": "Stream or mart",
    "account": "Account, or what else the figure is split by; empty for the whole stream",
    "day": "Day of the figure; null for the whole window",
    "metric": "What was counted",
    "field": "Declared field or payload key; empty where the metric is about rows",
    "value": "The figure",
    "baseline": "What was expected: the pooled rate or the banded level of earlier windows or days",
    "baseline_n": "How much history stands behind the baseline: rows pooled, or days",
    "detail": "Remark without any personal value",
    "sync_id": "Airbyte job that delivered the batch",
    "load_seq": "Load sequence up to which the window was measured",
}
EARLIER_WINDOWS = 28
_TYPED = ("integer", "decimal", "boolean", "date", "date_compact", "timestamp")

_HEAD = """
with ledger as (
    select
        window_start,
        window_end,
        stream,
        sync_id,
        load_seq,
        "rows" as object_rows
    from {{{{ source('plumbline', 'load_ledger') }}}}
    where source = '{source}'
),

windows as (
    select window_start, window_end, max(load_seq) as load_seq
    from ledger
    group by window_start, window_end
),

pending as (
    select windows.window_start, windows.window_end, windows.load_seq
    from windows
    {{% if is_incremental() %}}
    where not exists (
        select 1
        from {{{{ this }}}} as measured
        where measured.window_start = windows.window_start
            and measured.window_end = windows.window_end
            and measured.load_seq >= windows.load_seq
    )
    {{% endif %}}
),

batches as (
    select
        ledger.stream,
        pending.window_start,
        pending.window_end,
        ledger.sync_id,
        sum(ledger.object_rows) as sync_rows
    from ledger
    inner join pending on ledger.window_start = pending.window_start and ledger.window_end = pending.window_end
    group by ledger.stream, pending.window_start, pending.window_end, ledger.sync_id
    qualify row_number() over (
        partition by ledger.stream, pending.window_start, pending.window_end
        order by max(ledger.load_seq) desc, ledger.sync_id desc
    ) = 1
)"""

_STREAM = """
{s}_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{{{ payload_keys('delivered._airbyte_data') }}}} as payload_key_set,
        count(*) as set_rows,
        sum({{{{ fingerprint('delivered._airbyte_data') }}}}) as checksum
    from {{{{ source('{source}', '{s}') }}}} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = '{s}'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

{s}_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{{{ fingerprint('delivered._airbyte_data') }}}}) as duplicate_rows
    from {{{{ source('{source}', '{s}') }}}} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = '{s}'
    group by batches.window_start, batches.window_end
),

{s}_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select window_start, window_end, _source_file, cast(sum(set_rows) as varchar) || ':' || cast(sum(checksum) as varchar) as object_content
        from {s}_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

{s}_counted as (
    select
        batches.window_start,
        batches.window_end,
        {counts}
    from {{{{ ref('{staging}') }}}} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = '{s}'
    group by batches.window_start, batches.window_end
),
{uncastable}
{s}_wide as (
    select
        pending.window_start,
        pending.window_end,
        batches.sync_id,
        {wide}
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = '{s}'
    left join {s}_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join {s}_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join {s}_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end{uncastable_join}
),

{s}_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from {s}_wide
    unpivot include nulls (value for name in (
        {names}
    ))
),

{s}_keys as (
    {{{{ key_counts('{s}_raw') }}}}
),

{s}_declared as (
    select key_name from (values {keys}) as declared (key_name)
),

{s}_drift as (
    select pending.window_start, pending.window_end, 'present' as metric, declared.key_name as field, coalesce(seen.key_rows, 0) as value
    from pending
    cross join {s}_declared as declared
    left join {s}_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from {s}_keys
    where payload_key not in (select key_name from {s}_declared)
),

{s}_measured as (
    select window_start, window_end, '{s}' as model, sync_id, metric, field, value
    from {s}_tall
    union all
    select drift.window_start, drift.window_end, '{s}' as model, batches.sync_id, drift.metric, drift.field, cast(drift.value as decimal(38, 6)) as value
    from {s}_drift as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = '{s}'
)"""

_UNCASTABLE = """
{s}_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        {sums}
    from {{{{ ref('{staging}') }}}} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = '{s}'
    inner join {{{{ source('{source}', '{s}') }}}} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where {any_null}
    group by batches.window_start, batches.window_end
),
"""

_TAIL = """
measured as (
    {measured}
),

null_history as (
    select model, field, window_start, window_end, nulls, batch_rows
    from (
        select
            n.model,
            n.field,
            n.window_start,
            n.window_end,
            n.value as nulls,
            r.value as batch_rows
        from measured as n
        inner join measured as r
            on n.model = r.model and n.window_start = r.window_start and n.window_end = r.window_end
            and r.metric = 'rows'
        where n.metric = 'nulls'
        {{% if is_incremental() %}}
        union all
        select
            n.model,
            n.field,
            n.window_start,
            n.window_end,
            n.value as nulls,
            r.value as batch_rows
        from {{{{ this }}}} as n
        inner join {{{{ this }}}} as r
            on n.model = r.model and n.window_start = r.window_start and n.window_end = r.window_end
            and n.load_seq = r.load_seq and r.metric = 'rows'
        where n.metric = 'nulls'
            and not exists (
                select 1
                from pending
                where pending.window_start = n.window_start and pending.window_end = n.window_end
            )
        qualify n.load_seq = max(n.load_seq) over (partition by n.model, n.window_start, n.window_end)
        {{% endif %}}
    ) as known
),

null_baselines as (
    select
        model,
        field,
        window_start,
        window_end,
        sum(nulls) over earlier as nulls_before,
        sum(batch_rows) over earlier as rows_before
    from null_history
    window earlier as (
        partition by model, field order by window_start, window_end
        rows between {windows} preceding and 1 preceding
    )
),

batch_figures as (
    select
        measured.window_start,
        measured.window_end,
        measured.model,
        '' as account,
        cast(null as date) as day,
        measured.metric,
        measured.field,
        cast(coalesce(measured.value, 0) as decimal(38, 6)) as value,
        cast(baselines.nulls_before / nullif(baselines.rows_before, 0) as decimal(38, 6)) as baseline,
        case when measured.metric = 'nulls' then cast(coalesce(baselines.rows_before, 0) as bigint) end as baseline_n,
        '' as detail,
        measured.sync_id
    from measured
    left join null_baselines as baselines
        on measured.metric = 'nulls' and measured.model = baselines.model and measured.field = baselines.field
        and measured.window_start = baselines.window_start and measured.window_end = baselines.window_end
),

all_figures as (
    {figures}
),

final as (
    select
        figures.window_start,
        figures.window_end,
        '{source}' as source,
        figures.model,
        figures.account,
        figures.day,
        figures.metric,
        figures.field,
        cast(figures.value as decimal(38, 6)) as value,
        cast(figures.baseline as decimal(38, 6)) as baseline,
        cast(figures.baseline_n as bigint) as baseline_n,
        figures.detail,
        cast(figures.sync_id as bigint) as sync_id,
        cast(pending.load_seq as bigint) as load_seq
    from all_figures as figures
    inner join pending
        on figures.window_start = pending.window_start and figures.window_end = pending.window_end
)

select * from final
"""


# A source that was never measured has no table yet; the view is written anew with every measurement.
VIEW = """{{ config(materialized='view') }}

{%- set models = [MODELS] %}
{%- set measured = [] %}
{%- for model in models if not execute or load_relation(model) is not none %}{% do measured.append(model) %}{% endfor %}

with every_measurement as (
    {%- for model in measured %}
    select * from {{ model }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

final as (
    select *
    from every_measurement
    qualify load_seq = max(load_seq) over (partition by source, window_start, window_end)
)

select * from final
"""


def measures_of(source: Source) -> dict[str, str]:
    """The measurement model of a source and its description, by path below `dbt/`."""
    steps, figures = [_HEAD.format(source=source.name)], ["batch_figures"]
    for stream in source.streams.values():
        steps.append(_batch(source, stream))
    chosen = " union all ".join(f"select * from {name}_measured" for name in source.streams)
    tail = ""
    for stream in source.streams.values():
        for made in (watch_steps(stream), reconcile_steps(source, stream)):
            if made:
                tail, figures = tail + made.text + ",\n", [*figures, made.name]
    end = _TAIL.format(
        measured=chosen.replace(" union all ", "\n    union all\n    "),
        windows=EARLIER_WINDOWS,
        figures="\n    union all\n    ".join(f"select * from {name}" for name in figures),
        source=source.name,
    )
    before, after = end.split("all_figures as (", 1)
    steps.append(f"{before.rstrip()}\n{tail}\nall_figures as ({after}")
    path = f"models/quality/{source.measure_model}"
    return {f"{path}.sql": ",\n".join(steps), f"{path}.yml": _described(source.measure_model, source.title)}


def measurements_view(sources: dict[str, Source]) -> dict[str, str]:
    """The view over all measurements: the newest of every window."""
    listed = ", ".join(f"ref('{source.measure_model}')" for source in sources.values())
    text = VIEW.replace("MODELS", listed)
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
    counts, uncastable = _counts(stream), _castable(stream)
    wide = {"sync_rows": "batches.sync_rows", "duplicate_rows": "contents.duplicate_rows"}
    wide["duplicate_objects"] = "objects.duplicate_objects"
    wide |= {name: f'counted."{name}"' for name in counts}
    wide |= {f"uncastable:{field.name}": f'uncastable."uncastable:{field.name}"' for field in uncastable}
    listed = [f'cast({place} as decimal(38, 6)) as "{name}"' for name, place in wide.items()]
    join = (
        f"\n    left join {stream.name}_uncastable as uncastable\n        on pending.window_start = uncastable.window_start"
        " and pending.window_end = uncastable.window_end"
    )
    return _STREAM.format(
        s=stream.name,
        source=source.name,
        staging=stream.staging_model,
        counts=_lines([f'{text} as "{name}"' for name, text in counts.items()]),
        uncastable=_uncastable(source, stream, uncastable),
        uncastable_join=join if uncastable else "",
        wide=_lines(listed),
        names=_lines([f'"{name}"' for name in wide]),
        keys=", ".join(f"('{key}')" for key in contract(stream).payload_keys),
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
    for field in stream.fields.values():
        if field.pii != "drop":
            column = f"{column_name(field.name)}_path" if field.type == "url" else field.column
            counts[f"nulls:{field.name}"] = f"count(*) - count(typed.{column})"
    return counts


def _castable(stream: Stream) -> list[Field]:
    """Fields whose typing can fail: a value in the payload that is null in staging."""
    return [f for f in stream.fields.values() if f.pii is None and f.path and f.type in _TYPED]


def _uncastable(source: Source, stream: Stream, fields: list[Field]) -> str:
    if not fields:
        return ""
    sums = []
    for field in fields:
        holds = f"{{{{ payload_holds('delivered._airbyte_data', {list(field.path)!r}) }}}}"
        when = f"sum(case when typed.{field.column} is null and {holds} then 1 else 0 end)"
        sums.append(f'{when} as "uncastable:{field.name}"')
    any_null = "\n        or ".join(f"typed.{field.column} is null" for field in fields)
    return _UNCASTABLE.format(
        s=stream.name, source=source.name, staging=stream.staging_model, sums=_lines(sums), any_null=any_null
    )


def _lines(parts: list[str]) -> str:
    return ",\n        ".join(parts)
