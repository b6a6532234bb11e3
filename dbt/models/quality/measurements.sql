-- rendered from all sources, sha256 b0a017ef0c3d0302b95135b6ee530af3d8aec6b1157456b7f0bfb77ae917cab0; change the declaration, then run `plumbline render`
{{ config(materialized='view') }}

with every_measurement as (
    select * from {{ ref('measure_ga4') }}
    union all
    select * from {{ ref('measure_ga4_export') }}
    union all
    select * from {{ ref('measure_google_ads') }}
    union all
    select * from {{ ref('measure_hubspot') }}
    union all
    select * from {{ ref('measure_meta_ads') }}
    union all
    select * from {{ ref('measure_shopify') }}
),

final as (
    select *
    from every_measurement
    qualify load_seq = max(load_seq) over (partition by source, window_start, window_end)
)

select * from final
