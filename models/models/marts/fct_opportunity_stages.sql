with visits as (
  select * from {{ ref('int_opportunity_stages_entered') }}
),

entries as (
  select
    opportunity_key,
    pipeline_stage_key,
    any_value(stage_order) as stage_order,
    any_value(outcome) as outcome,
    min(entered_at) as entered_at,
    bool_or(left_at is null) as is_current,
    bool_and(is_skipped) as is_skipped,
    sum(epoch(coalesce(left_at, {{ as_of() }})) - epoch(entered_at)) / 86400 as days_so_far
  from visits
  group by opportunity_key, pipeline_stage_key
),

conversions as (
  select
    entries.opportunity_key,
    entries.pipeline_stage_key,
    min(further.entered_at) as converted_at
  from entries
  inner join visits as further
    on entries.opportunity_key = further.opportunity_key
    and entries.stage_order < further.stage_order
    and entries.entered_at <= further.entered_at
  where entries.outcome = 'open' and further.outcome <> 'lost'
  group by entries.opportunity_key, entries.pipeline_stage_key
),

-- What a usual stay is: only those who stayed and left.
predecessors as (
  select
    pipeline_stage_key,
    quantile_cont(days_so_far, 0.9) as days_p90
  from entries
  where outcome = 'open' and not is_current and not is_skipped
  group by pipeline_stage_key
),

final as (
  select
    entries.opportunity_key || '-' || entries.pipeline_stage_key as opportunity_stage_key,
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
    conversions.converted_at,
    entries.outcome = 'open' and conversions.converted_at is not null as is_converted,
    entries.is_current,
    entries.is_skipped,
    case
      when entries.outcome = 'open' and not entries.is_current and not entries.is_skipped then entries.days_so_far
    end as days_in_stage,
    coalesce(entries.outcome = 'open' and entries.is_current and entries.days_so_far > predecessors.days_p90, false) as is_stuck
  from entries
  inner join {{ ref('fct_opportunities') }} as opportunities on entries.opportunity_key = opportunities.opportunity_key
  left join conversions
    on entries.opportunity_key = conversions.opportunity_key
    and entries.pipeline_stage_key = conversions.pipeline_stage_key
  left join predecessors on entries.pipeline_stage_key = predecessors.pipeline_stage_key
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
