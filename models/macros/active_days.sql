{#- Days without order until a customer is no longer active: what the company has decided; the variable where no settings were given at all. -#}
{%- macro active_days() -%}
coalesce((select cast(value as integer) from {{ ref('stg_crm__company_settings') }} where key = 'active_days'), {{ var('active_days') }})
{%- endmacro -%}
