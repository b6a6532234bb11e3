j."lines" as parts,
transform(j:"lines", x -> object_construct('about', object_construct('gift', x:"about"."gift"), 'id', x:"id", 'pieces', x:"pieces", 'price', x:"price", 'taxes', x:"taxes")) as parts,
{% macro rows_shop__parts(parents) %}{{ return(adapter.dispatch('rows_shop__parts')(parents)) }}{% endmacro %}

{% macro duckdb__rows_shop__parts(parents) %}
with parents as (
    select * from {{ parents }}
),

opened as (
    select
        parents.id as order_id,
        parents.at as ordered_at,
        unnest(parts) as item,
        generate_subscripts(parts, 1) as position,
        parents._sync_id,
        parents._extracted_at,
        parents._source_file,
        parents._source_row,
        parents._load_seq,
        parents._changes
    from parents
),

final as (
    select
        order_id,
        ordered_at,
        position,
        item."id" as part_id,
        try_cast(item."pieces" as bigint) as pieces,
        cast(item."price" as decimal(38, 9)) as price,
        try_cast(item."about"."gift" as boolean) as is_gift,
        try_cast(list_sum([x."amount" for x in item."taxes"]) as decimal(38, 9)) as tax,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from opened
)

select * from final
{% endmacro %}

{% macro snowflake__rows_shop__parts(parents) %}
with parents as (
    select * from {{ parents }}
),

opened as (
    select
        parents.id as order_id,
        parents.at as ordered_at,
        elements.value as item,
        elements.index + 1 as position,
        parents._sync_id,
        parents._extracted_at,
        parents._source_file,
        parents._source_row,
        parents._load_seq,
        parents._changes
    from parents, lateral flatten(input => parents.parts) as elements
),

final as (
    select
        order_id,
        ordered_at,
        position,
        try_cast(item:"id"::varchar as number(38, 0)) as part_id,
        try_cast(item:"pieces"::varchar as number(38, 0)) as pieces,
        try_cast(item:"price"::varchar as number(28, 9))::number(38, 9) as price,
        try_cast(item:"about"."gift"::varchar as boolean) as is_gift,
        iff(array_size(item:"taxes") > 0 and array_size(filter(item:"taxes", x -> x:"amount"::varchar is not null and try_cast(x:"amount"::varchar as number(28, 9)) is null)) = 0, reduce(item:"taxes", 0::number(38, 9), (total, x) -> total + coalesce(try_cast(x:"amount"::varchar as number(28, 9)), 0)), null)::number(38, 9) as tax,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from opened
)

select * from final
{% endmacro %}
