[% if unique_key %]
{{ config(incremental_strategy='new_keys', unique_key=[[ unique_key ]]) }}

[% endif %]
{% if nothing_new(source('[[ stream.source ]]', '[[ stream.name ]]')) %}
select * from {{ this }} where false
{% else %}
with typed as (
    {{ typed_[[ stream.source ]]__[[ stream.name ]](unseen(source('[[ stream.source ]]', '[[ stream.name ]]'))) }}
),

final as (
    select *
    from typed
    [% if unique_key %]
    qualify [[ keys[0] ]] is null[% if broken %] or [[ broken ]] is not null[% endif %] or row_number() over (
        partition by [[ keys | join(', ') ]][% if broken %], [[ broken ]][% endif %]

        order by _extracted_at desc, _sync_id desc, _source_file desc, _source_row desc
    ) = 1
    [% endif %]
)

select * from final
{% endif %}
