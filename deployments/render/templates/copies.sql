select
            [[ account ]] as account,
            [[ day ]] as day,
            case when [[ value ]] = [[ kept ]] then 'duplicates_removed' else 'superseded_versions' end as bucket,
            [[ value ]] as value
        from {{ ref('[[ staging ]]') }} as side
        inner join {{ ref('[[ current ]]') }} as kept
            on [% for key in keys %]side.[[ key ]] = kept.[[ key ]] and [% endfor %]side._sync_id = kept._sync_id
            and (side._source_file <> kept._source_file or side._source_row <> kept._source_row)
        where side._sync_id in (select sync_id from batches where stream = '[[ s ]]')
            [% if where %]
            and [[ where ]]
            [% endif %]