{{ config(materialized='view') }}

with typed as (
    select * from {{ ref('[[ stream.typed_model ]]') }}
),

final as (
    select
        [[ columns | join(',\n        ') ]]
    from typed
    where [[ broken ]] is null
)

select * from final
