-- rendered from meta_ads, sha256 3ed0c48e7ffd1b681ba76349e170b490ab28962ab1140e52596f5f0fd45b1cb9; change the declaration, then run `plumbline render`
{% if nothing_new(source('meta_ads', 'ads_insights')) %}
select * from {{ this }} where false
{% else %}
with typed as (
    {{ typed_meta_ads__ads_insights(unseen(source('meta_ads', 'ads_insights'))) }}
),

final as (
    select *
    from typed
)

select * from final
{% endif %}
