-- rendered from shopify, sha256 b59271ae1f815fa38024bb2bb6c341cd0619808b9be355e45eaa235132238f8f; change the declaration, then run `plumbline render`
{{ config(materialized='incremental', incremental_strategy='slices', unique_key=['shop_url', 'day']) }}

{% if nothing_new(ref('stg_shopify__sales_by_day')) %}
select * from {{ this }} where false
{% else %}
with delivered as (
    select
        shop_url,
        day,
        _sync_id,
        min(_extracted_at) as began_at,
        max(_extracted_at) as read_at,
        max(_load_seq) as load_seq
    from {{ ref('stg_shopify__sales_by_day') }}
    where shop_url is not null
        and day is not null
    group by shop_url, day, _sync_id
),

-- What a sync spoke about: every day from the first to the last that it brought of an account.
syncs as (
    select
        shop_url,
        min(day) as first_day,
        max(day) as last_day,
        -- Beyond what the source restates, silence is no statement: a lone old day says nothing about those after it.
        {{ plus_days('max(day)', -3) }} as silent_since,
        _sync_id,
        min(began_at) as began_at,
        max(load_seq) as load_seq
    from delivered
    group by shop_url, _sync_id
),

touched as (
    select distinct delivered.shop_url, delivered.day
    from delivered
    inner join syncs
        on syncs.shop_url = delivered.shop_url
        and delivered.day between syncs.first_day and syncs.last_day
    {% if is_incremental() %}
    where syncs.load_seq > {{ known_load_seq(this) }}
    {% endif %}
),

newest_sync as (
    select touched.shop_url, touched.day, syncs._sync_id
    from touched
    inner join syncs
        on syncs.shop_url = touched.shop_url
        and touched.day between syncs.first_day and syncs.last_day
    left join delivered
        on delivered.shop_url = touched.shop_url and delivered.day = touched.day
        and delivered._sync_id = syncs._sync_id
    where delivered._sync_id is not null or touched.day >= syncs.silent_since
    qualify row_number() over (
        partition by touched.shop_url, touched.day
        order by coalesce(delivered.read_at, syncs.began_at) desc, syncs._sync_id desc
    ) = 1
),

-- The history is read twice on purpose: a shared step would hold all its columns for all its rows.
current_rows as (
    select history.*
    from {{ ref('stg_shopify__sales_by_day') }} as history
    inner join newest_sync
        on history._sync_id = newest_sync._sync_id
        and history.shop_url = newest_sync.shop_url
        and history.day = newest_sync.day
    where history.shop_url is not null
        and history.day is not null
    qualify row_number() over (
        partition by history.shop_url, history.day
        order by history._extracted_at desc, history._source_file desc, history._source_row desc
    ) = 1
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
    {% if is_incremental() %}
    union all
    -- A slice that its newest sync emptied: a row of nothing but the slice, which the strategy does not insert.
    select
        newest_sync.shop_url,
        newest_sync.day,
        null as orders,
        null as gross_sales,
        null as discounts,
        null as returns,
        null as net_sales,
        null as taxes,
        null as shipping,
        null as total_sales,
        null as _sync_id,
        null as _extracted_at,
        null as _source_file,
        null as _source_row,
        null as _load_seq,
        null as _changes
    from newest_sync
    left join delivered
        on delivered.shop_url = newest_sync.shop_url and delivered.day = newest_sync.day
        and delivered._sync_id = newest_sync._sync_id
    where delivered._sync_id is null
    {% endif %}
)

select * from final
{% endif %}
