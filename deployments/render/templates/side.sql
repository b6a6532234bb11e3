select [[ account ]] as account, [[ day ]] as day, [[ value ]] as value, max(side._sync_id) as sync_id
        from {{ ref('[[ current ]]') }} as side
        [% if where %]
        where [[ where ]]
        [% endif %]
        group by [[ account ]], [[ day ]]