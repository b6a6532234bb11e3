select [[ account ]] as account, [[ day ]] as day, [[ value ]] as value
        from {{ ref('[[ current ]]') }} as side
        [% if where %]
        where [[ where ]]
        [% endif %]
        group by [[ account ]], [[ day ]]