with beliefs as (
  select * from {{ ref('fct_opportunity_beliefs') }}
),

ledger as (
  select
    belief_key * 2 as belief_change_key,
    believed_from as believed_at,
    1 as count_change,
    beliefs.*
  from beliefs

  union all

  select
    belief_key * 2 + 1,
    believed_to,
    -1,
    beliefs.*
  from beliefs
  where believed_to is not null
)

select
  belief_change_key,
  opportunity_key,
  believed_at,
  count_change,
  cast(count_change * amount as decimal(18, 2)) as amount_change,
  pipeline,
  stage,
  pipeline_stage_key,
  status,
  is_estimated,
  owner_then_key,
  owner_key,
  department_key,
  customer_owner_key
from ledger
