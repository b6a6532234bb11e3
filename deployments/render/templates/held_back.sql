select
            [[ account ]] as account,
            [[ day ]] as day,
            'quarantined' as bucket,
            [[ value ]] as value
        from {{ ref('[[ typed ]]') }} as side
        where side.[[ broken ]] is not null
            and side._sync_id in (select sync_id from batches where stream = '[[ s ]]')
            [% if where %]
            and [[ where ]]
            [% endif %]