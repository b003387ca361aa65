with entries as (
  select * from {{ ref('int_opportunity_stages_summed') }}
),

final as (
  select
    entries.opportunity_stage_key,
    entries.opportunity_key,
    entries.pipeline_stage_key,
    opportunities.pipeline,
    opportunities.owner_key,
    opportunities.customer_key,
    opportunities.customer_owner_key,
    opportunities.department_key,
    opportunities.product_key,
    opportunities.source,
    opportunities.region,
    opportunities.amount,
    entries.outcome,
    entries.entered_at,
    entries.converted_at,
    entries.outcome = 'open' and entries.converted_at is not null as is_converted,
    entries.is_current,
    entries.is_skipped,
    case
      when entries.outcome = 'open' and not entries.is_current and not entries.is_skipped then entries.days_before
    end as days_in_stage,
    stuck.opportunity_key is not null as is_stuck
  from entries
  inner join {{ ref('fct_opportunities') }} as opportunities on entries.opportunity_key = opportunities.opportunity_key
  left join {{ ref('int_opportunities_stuck') }} as stuck
    on entries.opportunity_key = stuck.opportunity_key
    and entries.pipeline_stage_key = stuck.pipeline_stage_key
)

select
  opportunity_stage_key,
  opportunity_key,
  pipeline_stage_key,
  pipeline,
  owner_key,
  customer_key,
  customer_owner_key,
  department_key,
  product_key,
  source,
  region,
  amount,
  outcome,
  entered_at,
  converted_at,
  is_converted,
  is_current,
  is_skipped,
  days_in_stage,
  is_stuck
from final
