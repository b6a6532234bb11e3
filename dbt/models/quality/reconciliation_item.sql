{#- The newest word of each source about each account and day, its marts as they are built and the release that readers
    see. What does not exist yet is no checkpoint: before the first build there is no mart to compare with. -#}
{{ config(materialized='view') }}
{% set marts = ['fct_ad_performance', 'fct_orders', 'fct_order_lines', 'fct_refunds'] %}
{% set missing = [] %}
{% for mart in marts if execute and load_relation(ref(mart)) is none %}{% do missing.append(mart) %}{% endfor %}
{% set is_built = not missing %}
{% set is_published = is_built and (not execute or load_relation(source('publication', 'published_totals')) is not none) %}

with newest as (

    select
        source,
        model,
        account,
        day,
        metric,
        field,
        value,
        baseline_n,
        load_seq
    from {{ ref('measurements') }}
    where metric like 'reconcile_%'
    qualify dense_rank() over (
        partition by source, model, account, day
        order by load_seq desc, window_end desc, window_start desc
    ) = 1

),

-- A source that has its currency in the key of the control has it behind the account.
measured as (

    select
        source,
        model as stream,
        split_part(account, ' ', 1) as account,
        split_part(account, ' ', 2) as currency,
        day as date,
        max(load_seq) as load_seq,
        case
            when source in ('{{ sources_providing('ad_performance') | join("', '") }}') then 'spend'
            when source in ('{{ sources_providing('orders') | join("', '") }}') then 'net_sales'
            else max(field)
        end as metric,
        sum(case when metric = 'reconcile_theirs' then value else 0 end) as stated,
        sum(case when metric = 'reconcile_ours' then value else 0 end) as counted,
        max(case when metric = 'reconcile_loaded' then value end) as loaded,
        {% for bucket in ['duplicates_removed', 'superseded_versions', 'quarantined'] -%}
        sum(case when metric = 'reconcile_{{ bucket }}' then value else 0 end) as {{ bucket }},
        sum(case when metric = 'reconcile_{{ bucket }}' then baseline_n else 0 end) as {{ bucket }}_rows{{ ',' if not loop.last }}
        {% endfor %}
    from newest
    group by source, model, account, day

),

{% if is_built -%}
-- A mart's figure of an account and day, part by part, and what a part leaves out of what was counted on purpose.
mart_parts as (

    select
        source,
        account_id as account,
        date,
        'spend' as metric,
        campaign_id as part,
        max(currency) as currency,
        sum(spend) as amount,
        0 as taxes,
        0 as gift_cards,
        0 as tests,
        max(_load_seq) as loaded,
        max(extracted_at) as read_at
    from {{ ref('fct_ad_performance') }}
    group by source, account_id, date, campaign_id

    union all

    select
        orders.source,
        orders.shop_id as account,
        orders.order_date as date,
        'net_sales' as metric,
        'orders' as part,
        max(orders.currency) as currency,
        sum(orders.gross_sales - orders.discounts) as amount,
        sum(case when orders.taxes_included then coalesce(lines.tax, orders.tax) else 0 end) as taxes,
        sum(orders.gift_card_sales) as gift_cards,
        0 as tests,
        max(orders._load_seq) as loaded,
        max(orders.extracted_at) as read_at
    from {{ ref('fct_orders') }} as orders
    left join (
        select
            source,
            order_id,
            sum(tax) as tax
        from {{ ref('fct_order_lines') }}
        group by source, order_id
    ) as lines on orders.source = lines.source and orders.order_id = lines.order_id
    where not orders.is_test
    group by orders.source, orders.shop_id, orders.order_date

    union all

    select
        refunds.source,
        refunds.shop_id as account,
        refunds.refund_date as date,
        'net_sales' as metric,
        'refunds' as part,
        max(refunds.currency) as currency,
        -1 * sum(case when refunds.is_test then 0 else refunds.subtotal end) as amount,
        -1 * sum(case when orders.taxes_included then refunds.tax else 0 end) as taxes,
        -1 * sum(refunds.gift_card_subtotal) as gift_cards,
        -1 * sum(case when refunds.is_test then refunds.subtotal else 0 end) as tests,
        max(refunds._load_seq) as loaded,
        max(refunds.extracted_at) as read_at
    from {{ ref('fct_refunds') }} as refunds
    left join {{ ref('fct_orders') }} as orders
        on refunds.source = orders.source and refunds.order_id = orders.order_id
    group by refunds.source, refunds.shop_id, refunds.refund_date

),

{%- else -%}
mart_parts as (

    select
        source,
        account,
        date,
        metric,
        '' as part,
        currency,
        stated as amount,
        stated as taxes,
        stated as gift_cards,
        stated as tests,
        loaded,
        cast(null as timestamp) as read_at
    from measured
    where 1 = 0

),
{%- endif %}

{% if is_published -%}
released as (

    select
        source,
        account,
        date,
        metric,
        part,
        amount,
        loaded
    from {{ source('publication', 'published_totals') }}

),
{%- else -%}
released as (

    select
        source,
        account,
        date,
        metric,
        part,
        amount,
        loaded
    from mart_parts
    where 1 = 0

),
{%- endif %}

compared as (

    select
        coalesce(mart_parts.source, released.source) as source,
        coalesce(mart_parts.account, released.account) as account,
        coalesce(mart_parts.date, released.date) as date,
        coalesce(mart_parts.metric, released.metric) as metric,
        max(mart_parts.currency) as currency,
        sum(mart_parts.amount) as built,
        sum(mart_parts.taxes) as taxes,
        sum(mart_parts.gift_cards) as gift_cards,
        sum(mart_parts.tests) as tests,
        max(mart_parts.loaded) as built_from,
        max(mart_parts.read_at) as read_at,
        sum(released.amount) as published,
        max(released.loaded) as published_from,
        sum(case when coalesce(mart_parts.amount, 0) <> coalesce(released.amount, 0) then 1 else 0 end) as changed
    from mart_parts
    full outer join released
        on
            mart_parts.source = released.source
            and mart_parts.account = released.account
            and mart_parts.date = released.date
            and mart_parts.metric = released.metric
            and mart_parts.part = released.part
    group by
        coalesce(mart_parts.source, released.source),
        coalesce(mart_parts.account, released.account),
        coalesce(mart_parts.date, released.date),
        coalesce(mart_parts.metric, released.metric)

),

figures as (

    select
        measured.*,
        coalesce(nullif(measured.currency, ''), compared.currency, '') as known_currency,
        measured.counted
        + measured.duplicates_removed
        + measured.superseded_versions as loaded_total,
        compared.built,
        coalesce(compared.taxes, 0) as taxes,
        coalesce(compared.gift_cards, 0) as gift_cards,
        coalesce(compared.tests, 0) as tests,
        coalesce(compared.built_from < measured.loaded, false) as is_behind,
        compared.published,
        coalesce(compared.published_from < compared.built_from, false) as is_older,
        compared.changed,
        compared.read_at
    from measured
    left join compared
        on
            measured.source = compared.source
            and measured.account = compared.account
            and measured.date = compared.date
            and measured.metric = compared.metric

),

-- Each reason with its place in the order; what is left when all are taken is unexplained.
named as (

    {% set reasons = [
        ('source', 'landed', 'duplicates_loaded', 'duplicates_removed', 'duplicates_removed_rows', 'true'),
        ('source', 'landed', 'superseded_versions', 'superseded_versions', 'superseded_versions_rows', 'true'),
        ('landed', 'raw', 'quarantined', '-1 * quarantined', 'quarantined_rows', 'true'),
        ('raw', 'mart', 'duplicates_removed', '-1 * duplicates_removed', 'duplicates_removed_rows', 'built is not null'),
        ('raw', 'mart', 'superseded_versions', '-1 * superseded_versions', 'superseded_versions_rows', 'built is not null'),
        ('raw', 'mart', 'test_orders', '-1 * tests', '0', 'built is not null and not is_behind'),
        ('raw', 'mart', 'gift_cards', '-1 * gift_cards', '0', 'built is not null and not is_behind'),
        ('raw', 'mart', 'taxes_shipping_tips', '-1 * taxes', '0', 'built is not null and not is_behind'),
        ('raw', 'mart', 'restated_after_build', 'built - counted', '0', 'is_behind'),
        ('mart', 'published', 'restated_after_release', 'published - built', 'changed', 'built is not null and is_older'),
    ] -%}
    {% for from_stage, to_stage, bucket, amount, counts, condition in reasons -%}
    select
        source,
        stream,
        account,
        date,
        metric,
        '{{ from_stage }}' as from_stage,
        '{{ to_stage }}' as to_stage,
        '{{ bucket }}' as bucket,
        {{ loop.index }} as place,
        {{ amount }} as amount,
        {{ counts }} as row_count
    from figures
    where {{ condition }} and {{ amount }} <> 0
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

edges as (

    {% set totals = [
        ('source', 'landed', 'stated', 'loaded_total + quarantined'),
        ('landed', 'raw', 'loaded_total + quarantined', 'loaded_total'),
        ('raw', 'mart', 'loaded_total', 'built'),
        ('mart', 'published', 'built', 'published'),
    ] -%}
    {% for from_stage, to_stage, from_total, to_total in totals -%}
    select
        source,
        stream,
        account,
        date,
        known_currency as currency,
        metric,
        '{{ from_stage }}' as from_stage,
        '{{ to_stage }}' as to_stage,
        {{ from_total }} as from_total,
        {{ to_total }} as to_total,
        read_at,
        load_seq
    from figures
    where {{ from_total }} is not null and {{ to_total }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

explained as (

    select
        source,
        stream,
        account,
        date,
        metric,
        from_stage,
        to_stage,
        sum(amount) as amount
    from named
    group by source, stream, account, date, metric, from_stage, to_stage

),

items as (

    select
        edges.*,
        named.bucket,
        named.place,
        named.amount,
        named.row_count
    from edges
    inner join named
        on
            edges.source = named.source
            and edges.stream = named.stream
            and edges.account = named.account
            and edges.date = named.date
            and edges.metric = named.metric
            and edges.from_stage = named.from_stage
            and edges.to_stage = named.to_stage

    union all

    select
        edges.*,
        'unexplained' as bucket,
        99 as place,
        edges.to_total - edges.from_total - coalesce(explained.amount, 0) as amount,
        0 as row_count
    from edges
    left join explained
        on
            edges.source = explained.source
            and edges.stream = explained.stream
            and edges.account = explained.account
            and edges.date = explained.date
            and edges.metric = explained.metric
            and edges.from_stage = explained.from_stage
            and edges.to_stage = explained.to_stage

),

final as (

    select
        source,
        stream,
        account,
        date,
        currency,
        metric,
        from_stage,
        to_stage,
        bucket,
        place,
        {{ money('amount') }} as amount,
        cast(row_count as bigint) as row_count,
        {{ money('from_total') }} as from_total,
        {{ money('to_total') }} as to_total,
        read_at,
        cast(load_seq as bigint) as load_seq
    from items

)

select * from final
