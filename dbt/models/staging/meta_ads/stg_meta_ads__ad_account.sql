-- rendered from meta_ads, sha256 33418f50ef0981a284a70d73638cab9d60a44daf611543bdd89a5ecd92663cf1; change the declaration, then run `plumbline render`
{% if nothing_new(source('meta_ads', 'ad_account')) %}
select * from {{ this }} where false
{% else %}
with typed as (
    {{ typed_meta_ads__ad_account(unseen(source('meta_ads', 'ad_account'))) }}
),

final as (
    select *
    from typed
)

select * from final
{% endif %}
