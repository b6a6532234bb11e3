{{ config(materialized='view') }}

with events as (

    {{ ops_rows('period_events', {
        'month': 'varchar', 'number': 'bigint', 'version': 'bigint', 'action': 'varchar', 'signed_by': 'varchar',
        'reason': 'varchar', 'recorded_at': 'timestamp', 'release_id': 'varchar', 'code': 'varchar',
        'declarations': 'varchar', 'figures': 'bigint', 'checksum': 'varchar', 'changes': 'bigint'
    }) }}

),

final as (

    select
        month,
        number,
        version,
        action,
        signed_by,
        reason,
        recorded_at as happened_at,
        release_id,
        code as code_version,
        declarations,
        figures,
        checksum,
        changes,
        row_number() over (partition by month order by number desc) = 1 as is_current
    from events

)

select * from final
