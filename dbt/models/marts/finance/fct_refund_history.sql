{%- set key = ['source', 'refund_id'] -%}
{%- set order_of_saying = 'partition by source, refund_id order by said_at, rank_of_version' -%}
{%- set told = ['order_id', 'refund_date', 'currency', 'subtotal', 'tax', 'amount'] %}

with said as (

    {% for source in sources_providing('refund_versions') -%}
    select
        source,
        shop_id,
        refund_id,
        order_id,
        refund_date,
        currency,
        subtotal,
        tax,
        amount,
        changed_at,
        said_at,
        _sync_id,
        _source_file,
        _source_row,
        _load_seq
    from {{ ref(source ~ '__refund_versions') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

counted as (

    {{ versions_that_counted('said', key) }}

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
        refund_id,
        order_id,
        cast(row_number() over ({{ order_of_saying }}) as bigint) as version,
        refund_date,
        false as is_vanished,
        currency,
        subtotal,
        tax,
        amount,
        said_at as known_from,
        lead(said_at) over ({{ order_of_saying }}) as known_to,
        _sync_id as sync_id,
        _load_seq
    from changes

)

select * from final
