-- rendered from meta_ads, sha256 f74c701bbcbbe032b871a8c8f64b45a89db8e833ced4165c9cf2de3fdd4a7420; change the declaration, then run `plumbline render`
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['id']) }}

{% if nothing_new(ref('stg_meta_ads__ads')) %}
select * from {{ this }} where false
{% else %}
with new_versions as (
    select
        id,
        account_id,
        campaign_id,
        adset_id,
        name,
        status,
        effective_status,
        creative_id,
        created_time,
        updated_time,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from {{ unseen(ref('stg_meta_ads__ads')) }} as unseen_rows
    where id is not null
),

candidates as (
    select * from new_versions
    {% if is_incremental() %}
    union all
    select
        id,
        account_id,
        campaign_id,
        adset_id,
        name,
        status,
        effective_status,
        creative_id,
        created_time,
        updated_time,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from {{ this }}
    where (id) in (select id from new_versions)
    {% endif %}
),

final as (
    select *
    from candidates
    qualify row_number() over (
        partition by id
        order by
            coalesce(updated_time, _extracted_at) desc nulls last,
            _extracted_at desc,
            _sync_id desc,
            _source_file desc,
            _source_row desc
    ) = 1
)

select * from final
{% endif %}
