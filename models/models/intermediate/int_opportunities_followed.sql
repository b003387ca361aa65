with opportunities as (
  select * from {{ ref('stg_crm__opportunities') }}
)

select
  opportunity_key,
  opportunity_id,
  owner_id,
  pipeline,
  stage,
  status,
  closed_at,
  created_at
from opportunities
