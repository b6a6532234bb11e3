with leads as (

    select * from {{ ref('int_leads') }}

),

conversions as (

    select * from {{ ref('fct_conversions') }}
    where conversion_type = 'lead'

),

sessions as (

    select * from {{ ref('fct_sessions') }}
    where form_submitted_at is not null

),

touches as (

    select
        touch_id,
        person_id
    from {{ ref('fct_touchpoints') }}

),

orders as (

    select * from {{ ref('fct_customer_orders') }}
    where is_valid and person_id is not null

),

stages as (

    select
        leads.source,
        leads.contact_id,
        leads.stage,
        leads.stage_order,
        conversions.person_id,
        leads.channel,
        leads.entered_at,
        leads.entered_date,
        case
            when leads.merged_into is not null then 'merged'
            when leads.is_archived then 'archived'
        end as excluded_because,
        -- The stage other is none that people move up to.
        lead(leads.stage) over (
            partition by leads.source, leads.contact_id, case when leads.stage = 'other' then 1 else 0 end
            order by leads.stage_order
        ) as next_stage,
        lead(leads.entered_at) over (
            partition by leads.source, leads.contact_id, case when leads.stage = 'other' then 1 else 0 end
            order by leads.stage_order
        ) as next_entered_at
    from leads
    left join conversions
        on
            'lead:' || leads.source || ':' || leads.contact_id || ':' || leads.stage
            = conversions.conversion_id

),

-- A form that a browser sends again is no second lead.
forms as (

    select
        sessions.origin,
        sessions.user_pseudo_id,
        touches.person_id,
        sessions.channel,
        sessions.form_submitted_at,
        row_number() over (
            partition by sessions.origin, sessions.user_pseudo_id
            order by sessions.form_submitted_at, sessions.session_key
        ) as place
    from sessions
    left join touches on sessions.session_key = touches.touch_id

),

arrived as (

    select
        person_id,
        min(entered_at) as entered_at
    from stages
    where stage = 'lead' and person_id is not null and excluded_because is null
    group by person_id

),

entries as (

    select * from stages

    union all

    -- The clocks of browser and CRM differ: the contact may seem to be there a moment before its form.
    select
        forms.origin as source,
        forms.user_pseudo_id as contact_id,
        'form_submission' as stage,
        0 as stage_order,
        forms.person_id,
        forms.channel,
        forms.form_submitted_at as entered_at,
        cast({{ to_zone('forms.form_submitted_at', "'" ~ reporting_timezone() ~ "'") }} as date) as entered_date,
        null as excluded_because,
        case when arrived.person_id is not null then 'lead' end as next_stage,
        case
            when arrived.entered_at > forms.form_submitted_at then arrived.entered_at
            when arrived.person_id is not null then forms.form_submitted_at
        end as next_entered_at
    from forms
    left join arrived
        on
            forms.person_id = arrived.person_id
            and arrived.entered_at >= forms.form_submitted_at - interval '10 minutes'
    where forms.place = 1

),

bought as (

    select
        entries.source,
        entries.contact_id,
        entries.stage,
        orders.source as order_source,
        orders.shop_id,
        orders.order_id,
        orders.processed_at as ordered_at,
        row_number() over (
            partition by entries.source, entries.contact_id, entries.stage
            order by orders.processed_at, orders.source, orders.shop_id, orders.order_id
        ) as place
    from entries
    inner join orders on entries.person_id = orders.person_id and entries.entered_at <= orders.processed_at
    where entries.excluded_because is null

),

final as (

    select
        entries.source,
        entries.contact_id,
        entries.stage,
        cast(entries.stage_order as integer) as stage_order,
        entries.person_id,
        entries.channel,
        entries.entered_at,
        entries.entered_date,
        entries.excluded_because,
        entries.next_stage,
        entries.next_entered_at,
        case
            when entries.next_entered_at >= entries.entered_at
                then {{ hours_between('entries.entered_at', 'entries.next_entered_at') }}
        end as hours_to_next,
        bought.order_source,
        bought.shop_id,
        bought.order_id,
        bought.ordered_at,
        {{ hours_between('entries.entered_at', 'bought.ordered_at') }} as hours_to_order
    from entries
    left join bought
        on
            entries.source = bought.source
            and entries.contact_id = bought.contact_id
            and entries.stage = bought.stage
            and bought.place = 1

)

select * from final
