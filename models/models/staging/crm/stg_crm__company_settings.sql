with source as (
  select * from {{ source('crm', 'company_settings') }}
),

-- The project's variable of that name goes before the operational API's default.
known as (
  select
    key,
    case key when 'active_days' then '{{ var('active_days') }}' else default_value end as default_value
  from ({{ company_setting_defaults() }}) as defaults
),

renamed as (
  select
    known.key,
    coalesce(source.value, known.default_value) as value,
    known.default_value,
    source.value is null as is_default
  from known
  left join source on source.key = known.key and source.deleted_at is null
)

select * from renamed
