{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['source', 'order_id']
) }}
{%- set key = ['source', 'order_id'] -%}
{%- set order_of_saying = 'partition by source, order_id order by said_at, rank_of_version' -%}
{%- set told = [
    'order_date', 'financial_status', 'is_test', 'is_cancelled', 'is_vanished', 'currency',
    'gross_sales', 'discounts', 'shipping', 'tax', 'total', 'current_total',
] %}

with said as (

    {% for source in sources_providing('order_versions') -%}
    select
        source,
        shop_id,
        order_id,
        order_date,
        financial_status,
        is_test,
        is_cancelled,
        is_vanished,
        currency,
        gross_sales,
        discounts,
        shipping,
        tax,
        total,
        current_total,
        changed_at,
        said_at,
        _sync_id,
        _source_file,
        _source_row,
        _load_seq
    from {{ ref(source ~ '__order_versions') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- Orders of which a new version was loaded; their whole history is written again.
touched as (

    select distinct
        source,
        order_id
    from said
    {% if is_incremental() -%}
    where _load_seq > {{ known_load_seq(this) }}
    {%- endif %}

),

of_touched as (

    select
        said.*,
        max(said._load_seq) over (partition by said.source, said.order_id) as newest_load_seq
    from said
    inner join touched on said.source = touched.source and said.order_id = touched.order_id

),

counted as (

    {{ versions_that_counted('of_touched', key) }}

),

beside_the_last as (

    select
        *,
        lag(said_at) over ({{ order_of_saying }}) as said_before
        {%- for column in told %},
        lag({{ column }}) over ({{ order_of_saying }}) as {{ column }}_before
        {%- endfor %}
    from counted

),

changes as (

    select *
    from beside_the_last
    where
        said_before is null
        {%- for column in told %}
        or {{ column }}_before is distinct from {{ column }}
        {%- endfor %}

),

final as (

    select
        source,
        shop_id,
        order_id,
        cast(row_number() over ({{ order_of_saying }}) as bigint) as version,
        order_date,
        financial_status,
        is_test,
        is_cancelled,
        is_vanished,
        currency,
        gross_sales,
        discounts,
        shipping,
        tax,
        total,
        current_total,
        said_at as known_from,
        lead(said_at) over ({{ order_of_saying }}) as known_to,
        _sync_id as sync_id,
        newest_load_seq as _load_seq
    from changes

)

select * from final
