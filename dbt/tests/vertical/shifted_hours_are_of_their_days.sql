-- Where a source has hours, the hours of an account day hold its whole spend, and none of it twice.
select
    source,
    account_id,
    date,
    spend_without_hour
from {{ ref('fct_day_shift') }}
where has_hours and (spend_without_hour <> 0 or spend_before < 0 or spend_after < 0)
