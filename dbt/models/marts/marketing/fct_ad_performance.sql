{{ config(
    materialized='incremental',
    incremental_strategy='slices',
    unique_key=['source', 'account_id', 'date']
) }}

with reported as (

    {% for source in sources_providing('ad_performance') -%}
    select
        source,
        account_id,
        account_name,
        account_timezone,
        campaign_id,
        campaign_name,
        campaign_type,
        ad_group_id,
        ad_group_name,
        ad_id,
        ad_name,
        date,
        currency,
        spend,
        impressions,
        clicks,
        platform_conversions,
        platform_conversion_value,
        platform_view_conversions,
        platform_view_conversion_value,
        is_remainder,
        extracted_at,
        max(_load_seq) over (partition by account_id, date) as _load_seq,
        count(*) over (partition by account_id, date) as known_rows,
        count(ad_id) over (partition by account_id, date) as known_ads
    from {{ ref(source ~ '__ad_performance') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

rates as {{ inlined() }} (

    select * from {{ ref('int_fx_periods') }}

),

{% if is_incremental() -%}
built as (

    select
        source,
        account_id,
        date,
        max(_load_seq) as _load_seq,
        count(*) as known_rows,
        count(ad_id) as known_ads,
        max(currency) as currency,
        max(fx_rate) as fx_rate
    from {{ this }}
    group by source, account_id, date

),
{%- endif %}

-- Whole account days: those that a newer load touched, those whose rows vanished, and those whose rate came or changed.
touched as (

    select reported.*
    from reported
    {% if is_incremental() -%}
    left join built
        on reported.source = built.source and reported.account_id = built.account_id and reported.date = built.date
    left join rates
        on
            built.currency = rates.currency
            and built.date >= rates.valid_from
            and (built.date < rates.valid_until or rates.valid_until is null)
    where
        built._load_seq is null
        or built._load_seq <> reported._load_seq
        or built.known_rows <> reported.known_rows
        or built.known_ads <> reported.known_ads
        or built.fx_rate is distinct from rates.rate
    {%- endif %}

),

priced as (

    select
        touched.source,
        touched.account_id,
        touched.account_name,
        touched.account_timezone,
        touched.campaign_id,
        touched.campaign_name,
        touched.campaign_type,
        touched.ad_group_id,
        touched.ad_group_name,
        touched.ad_id,
        touched.ad_name,
        touched.date,
        touched.currency,
        touched.spend,
        {{ money('touched.spend * rates.rate') }} as spend_reporting,
        '{{ reporting_currency() }}' as reporting_currency,
        rates.rate as fx_rate,
        rates.valid_from as fx_rate_date,
        touched.impressions,
        touched.clicks,
        touched.platform_conversions,
        touched.platform_conversion_value,
        touched.platform_view_conversions,
        touched.platform_view_conversion_value,
        touched.is_remainder,
        touched.extracted_at < {{ day_end('touched.date', 'touched.account_timezone') }} as is_provisional,
        touched.extracted_at,
        touched._load_seq
    from touched
    left join rates
        on
            touched.currency = rates.currency
            and touched.date >= rates.valid_from
            and (touched.date < rates.valid_until or rates.valid_until is null)

),

-- An account day that its source emptied is a row of nothing but its key: the strategy removes the day with it.
final as (

    select * from priced
    {% if is_incremental() -%}
    union all
    select
        built.source,
        built.account_id,
        null as account_name,
        null as account_timezone,
        null as campaign_id,
        null as campaign_name,
        null as campaign_type,
        null as ad_group_id,
        null as ad_group_name,
        null as ad_id,
        null as ad_name,
        built.date,
        null as currency,
        null as spend,
        null as spend_reporting,
        null as reporting_currency,
        null as fx_rate,
        null as fx_rate_date,
        null as impressions,
        null as clicks,
        null as platform_conversions,
        null as platform_conversion_value,
        null as platform_view_conversions,
        null as platform_view_conversion_value,
        null as is_remainder,
        null as is_provisional,
        null as extracted_at,
        null as _load_seq
    from built
    left join reported
        on built.source = reported.source and built.account_id = reported.account_id and built.date = reported.date
    where reported.source is null
    {%- endif %}

)

select * from final
