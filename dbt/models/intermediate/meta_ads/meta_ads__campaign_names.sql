{{ config(materialized='incremental', incremental_strategy='append') }}

with versions as (

    select * from {{ ref('stg_meta_ads__campaigns') }}
    where _load_seq > {{ known_load_seq(this) }} and id is not null and name is not null

),

final as (

    select
        'meta_ads' as source,
        account_id,
        id as campaign_id,
        name as campaign_name,
        cast(_extracted_at as date) as said_on,
        min(_extracted_at) as said_at,
        max(_load_seq) as _load_seq
    from versions
    group by account_id, id, name, cast(_extracted_at as date)

)

select * from final
