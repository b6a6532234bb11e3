{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ reopen_claims() }}"
) }}

{% set looked_for = claims_are_looked_for(ref('fct_orders')) %}
{% set first_day = first_day_of_claims(ref('fct_orders'), looked_for) %}

with orders as (

    select
        source,
        shop_id,
        order_id,
        order_date,
        processed_at,
        _load_seq
    from {{ ref('fct_orders') }}
    {% if is_incremental() -%}
    where {{ looked_for }}
    {%- endif %}

),

touches as (

    select *
    from {{ ref('fct_touchpoints') }}
    where
        touch_type = 'click'
        and media = 'paid'
        {% if is_incremental() -%}
        and touched_at >= cast('{{ first_day }}' as date)
        {%- endif %}

),

people as (

    select * from {{ ref('int_order_people') }}

),

accounts as (

    select
        source,
        account_id,
        max(account_timezone) as account_timezone,
        max(currency) as account_currency
    from {{ ref('fct_ad_performance') }}
    group by source, account_id

),

-- Tests too: a platform does not know that an order is one.
buyers as (

    select
        orders.source,
        orders.shop_id,
        orders.order_id,
        orders.order_date,
        orders.processed_at,
        orders._load_seq,
        people.person_id
    from orders
    inner join people
        on
            orders.source = people.source
            and orders.shop_id = people.shop_id
            and orders.order_id = people.order_id

),

-- Each platform's own clicks of the buyer within its window, by the rule in its declaration; the last one claims.
clicks as (

    {% for platform, rule in claim_rules().items() -%}
    select
        '{{ platform }}' as platform,
        buyers.source,
        buyers.shop_id,
        buyers.order_id,
        buyers.order_date,
        buyers._load_seq,
        touches.touch_id,
        touches.touched_at,
        touches.account_id,
        touches.campaign_id,
        touches.ad_id
    from buyers
    inner join touches
        on
            buyers.person_id = touches.person_id
            and buyers.processed_at >= touches.touched_at
            and buyers.processed_at - interval '{{ rule.days }} days' <= touches.touched_at
    where
        touches.ad_source = '{{ platform }}'
        or (touches.ad_source is null and touches.click_id_type in ('{{ rule.clicks | join("', '") }}'))
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

last_clicks as (

    select *
    from clicks
    qualify
        row_number() over (
            partition by platform, source, shop_id, order_id
            order by touched_at desc, touch_id desc
        ) = 1

),

-- The day on which the platform shows the claim: that of its account; of the shop where the account is not known.
final as (

    select
        last_clicks.platform,
        last_clicks.source,
        last_clicks.shop_id,
        last_clicks.order_id,
        last_clicks.order_date,
        last_clicks.touch_id,
        last_clicks.touched_at,
        cast({{ to_zone('last_clicks.touched_at', "'" ~ reporting_timezone() ~ "'") }} as date) as touched_on,
        cast({{ to_zone(
            'last_clicks.touched_at', "coalesce(accounts.account_timezone, '" ~ reporting_timezone() ~ "')"
        ) }} as date) as claimed_on,
        last_clicks.account_id,
        accounts.account_currency,
        last_clicks.campaign_id,
        last_clicks.ad_id,
        last_clicks._load_seq
    from last_clicks
    left join accounts
        on last_clicks.platform = accounts.source and last_clicks.account_id = accounts.account_id

)

select * from final
