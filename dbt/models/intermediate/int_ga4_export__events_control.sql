-- rendered from ga4_export, sha256 24f0ab503d36f1d2a28845aff6b18e22c835822d34a39a734e80035618be1c6e; change the declaration, then run `plumbline render`
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['export_table']) }}

{% if nothing_new(ref('stg_ga4_export__events_control')) %}
select * from {{ this }} where false
{% else %}
with new_versions as (
    select
        export_table,
        event_date,
        row_count,
        purchases,
        revenue,
        counted_at,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from {{ unseen(ref('stg_ga4_export__events_control')) }} as unseen_rows
    where export_table is not null
),

candidates as (
    select * from new_versions
    {% if is_incremental() %}
    union all
    select
        export_table,
        event_date,
        row_count,
        purchases,
        revenue,
        counted_at,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from {{ this }}
    where (export_table) in (select export_table from new_versions)
    {% endif %}
),

final as (
    select *
    from candidates
    qualify row_number() over (
        partition by export_table
        order by
            coalesce(counted_at, _extracted_at) desc nulls last,
            _extracted_at desc,
            _sync_id desc,
            _source_file desc,
            _source_row desc
    ) = 1
)

select * from final
{% endif %}
