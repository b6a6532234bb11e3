with reported as (

    {% for source in sources_providing('ad_performance') -%}
    select
        source,
        account_id,
        campaign_id,
        ad_group_id,
        ad_group_name,
        ad_group_status,
        date,
        extracted_at
    from {{ ref(source ~ '__ad_performance') }}
    where ad_group_id is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        source,
        account_id,
        campaign_id,
        ad_group_id,
        ad_group_name,
        lower(ad_group_status) as status,
        min(date) over (partition by source, account_id, ad_group_id) as first_date,
        max(date) over (partition by source, account_id, ad_group_id) as last_date
    from reported
    qualify
        row_number() over (
            partition by source, account_id, ad_group_id
            order by
                date desc, extracted_at desc, campaign_id, ad_group_name nulls last, ad_group_status nulls last
        ) = 1

)

select * from final
