-- rendered from meta_ads, sha256 58f59c64fdb6c25146dbcc611ffa9269d6f7a13e4509ae68005140d2299481e2; change the declaration, then run `plumbline render`
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
