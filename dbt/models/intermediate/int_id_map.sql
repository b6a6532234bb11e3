with orders as (

    {% for source in sources_providing('orders') -%}
    select
        order_id,
        customer_id as token,
        email_token,
        source || '_customer_id' as identifier_type,
        source || ':' || customer_id as person_id
    from {{ ref(source ~ '__orders') }}
    where customer_id is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

purchases as (

    {% for source in sources_providing('sessions') -%}
    select
        order_id,
        user_pseudo_id,
        user_token
    from {{ ref(source ~ '__purchases') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

bought as (

    select
        orders.person_id,
        purchases.user_pseudo_id,
        purchases.user_token
    from purchases
    inner join orders on purchases.order_id = orders.order_id

),

carried as (

    select
        identifier_type,
        token,
        person_id
    from orders

    union all

    select
        'email' as identifier_type,
        email_token as token,
        person_id
    from orders

    union all

    select
        'user_id' as identifier_type,
        user_token as token,
        person_id
    from bought

    union all

    select
        'client_id' as identifier_type,
        user_pseudo_id as token,
        person_id
    from bought

),

-- What two customers share, a device of a household or an address for everybody, names nobody.
final as (

    select
        identifier_type,
        token,
        min(person_id) as person_id
    from carried
    where token is not null
    group by identifier_type, token
    having min(person_id) = max(person_id)

)

select * from final
