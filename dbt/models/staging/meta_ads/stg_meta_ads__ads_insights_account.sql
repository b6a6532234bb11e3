-- rendered from meta_ads, sha256 f74c701bbcbbe032b871a8c8f64b45a89db8e833ced4165c9cf2de3fdd4a7420; change the declaration, then run `plumbline render`
{% if nothing_new(source('meta_ads', 'ads_insights_account')) %}
select * from {{ this }} where false
{% else %}
with typed as (
    {{ typed_meta_ads__ads_insights_account(unseen(source('meta_ads', 'ads_insights_account'))) }}
),

final as (
    select *
    from typed
)

select * from final
{% endif %}
