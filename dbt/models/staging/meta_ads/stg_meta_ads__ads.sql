-- rendered from meta_ads, sha256 76cc103136adedfcc4df23d8de3bcef27f7979b1ab3d7c6bc257b4e760af53b1; change the declaration, then run `plumbline render`
{% if nothing_new(source('meta_ads', 'ads')) %}
select * from {{ this }} where false
{% else %}
with typed as (
    {{ typed_meta_ads__ads(unseen(source('meta_ads', 'ads'))) }}
),

final as (
    select *
    from typed
)

select * from final
{% endif %}
