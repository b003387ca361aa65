with states as (
  select * from {{ ref('int_opportunity_states') }}
),

-- Of several changes at one instant only the last lasts.
final as (
  select
    states.state_key as opportunity_state_key,
    states.opportunity_key,
    states.from_at,
    states.to_at,
    {{ company_date('states.from_at') }} as from_on,
    {{ company_date('states.to_at') }} as to_on,
    states.pipeline,
    states.stage,
    states.pipeline_stage_key,
    states.status,
    states.amount,
    states.expected_close_on,
    states.owner_key as owner_then_key,
    states.department_key as department_then_key,
    opportunities.owner_key,
    opportunities.department_key,
    opportunities.customer_owner_key,
    states.is_estimated
  from states
  inner join {{ ref('fct_opportunities') }} as opportunities on states.opportunity_key = opportunities.opportunity_key
  where states.to_at is null or states.from_at < states.to_at
)

select
  opportunity_state_key,
  opportunity_key,
  from_at,
  to_at,
  from_on,
  to_on,
  pipeline,
  stage,
  pipeline_stage_key,
  status,
  amount,
  expected_close_on,
  owner_then_key,
  department_then_key,
  owner_key,
  department_key,
  customer_owner_key,
  is_estimated
from final
