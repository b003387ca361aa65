with source as (
  select * from {{ source('crm', 'company_settings') }}
),

known as (
  {{ company_setting_defaults() }}
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
