{{ config(materialized='view') }}

with lines as (

    select * from {{ ref('stg_shopify__order_lines') }}

),

final as (

    {{ shopify_order_lines('lines') }}

)

select * from final
