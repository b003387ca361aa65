with settings as (
  select * from {{ ref('stg_crm__company_settings') }}
)

select
  key as setting,
  value,
  default_value,
  is_default
from settings
