{{ config(materialized='view') }}

with final as (
    {{ rows_[[ stream.source ]]__[[ rows.name ]](ref('[[ stream.current_model ]]')) }}
)

select * from final
