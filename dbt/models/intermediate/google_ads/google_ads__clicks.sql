with click_rows as (

    select * from {{ ref('int_google_ads__click_view') }}

),

-- A click id names one click; should two rows carry it, the latest day wins.
clicks as (

    select *
    from click_rows
    where click_view_gclid is not null
    qualify
        row_number() over (
            partition by click_view_gclid
            order by segments_date desc, _extracted_at desc, _source_file desc, _source_row desc
        ) = 1

),

final as (

    select
        'google_ads' as source,
        click_view_gclid as click_id,
        'gclid' as click_id_type,
        segments_date as clicked_on,
        cast(customer_id as varchar) as account_id,
        cast(campaign_id as varchar) as campaign_id,
        campaign_name,
        cast(ad_group_id as varchar) as ad_group_id,
        nullif(split_part(click_view_ad_group_ad, '~', 2), '') as ad_id,
        _extracted_at as extracted_at,
        _load_seq
    from clicks

)

select * from final
