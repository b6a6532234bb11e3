-- rendered from shopify, sha256 562285e1c5ddbc5e82b191ee13bad0b8d22f95e3ba2e8955073b8f56b00eddc3; change the declaration, then run `plumbline render`
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['shop_url', 'day']) }}

{% if nothing_new(ref('stg_shopify__sales_by_day')) %}
select * from {{ this }} where false
{% else %}
with history as (
    select * from {{ ref('stg_shopify__sales_by_day') }}
),

touched as (
    select distinct shop_url, day
    from {{ unseen(ref('stg_shopify__sales_by_day')) }} as unseen_rows
),

rows_of_slice as (
    select history.*
    from history
    inner join touched
        on touched.shop_url = history.shop_url
        and touched.day = history.day
    where history.shop_url is not null
        and history.day is not null
),

newest_sync as (
    select shop_url, day, _sync_id
    from rows_of_slice
    group by shop_url, day, _sync_id
    qualify row_number() over (
        partition by shop_url, day
        order by max(_extracted_at) desc, _sync_id desc
    ) = 1
),

current_rows as (
    select rows_of_slice.*
    from rows_of_slice
    inner join newest_sync
        on rows_of_slice._sync_id = newest_sync._sync_id
        and rows_of_slice.shop_url = newest_sync.shop_url
        and rows_of_slice.day = newest_sync.day
),

final as (
    select
        shop_url,
        day,
        orders,
        gross_sales,
        discounts,
        returns,
        net_sales,
        taxes,
        shipping,
        total_sales,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from current_rows
    qualify row_number() over (
        partition by shop_url, day
        order by _extracted_at desc, _source_file desc, _source_row desc
    ) = 1
)

select * from final
{% endif %}
