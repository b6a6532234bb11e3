{# What marts ask of the identity map besides who somebody is: whose answer changed since they were made. #}

{# Up to which loads people are resolved, as a scalar. #}
{% macro people_known_to() -%}
    (select max(resolved_at) from {{ source('identity', 'resolved') }})
{%- endmacro %}

{# Identifiers (identifier_type, token) whose person is another one than at a time, or that began or ceased to be shared. #}
{% macro identifiers_changed_since(known) -%}
    select
        identifier_type,
        identifier_token as token
    from {{ source('identity', 'id_map') }}
    where valid_from > {{ known }} or valid_to > {{ known }}

    union distinct

    select
        identifier_type,
        identifier_token as token
    from {{ source('identity', 'quarantine') }}
    where since > {{ known }} or until > {{ known }}
{%- endmacro %}
