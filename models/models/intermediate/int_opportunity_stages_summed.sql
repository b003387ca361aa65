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
    coalesce(sum(epoch(left_at) - epoch(entered_at)) filter (left_at is not null), 0) / 86400 as days_before,
    max(entered_at) filter (left_at is null) as current_since
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

final as (
  select
    cast(entries.opportunity_key as bigint) * 100000 + entries.pipeline_stage_key as opportunity_stage_key,
    entries.*,
    conversions.converted_at
  from entries
  left join conversions
    on entries.opportunity_key = conversions.opportunity_key
    and entries.pipeline_stage_key = conversions.pipeline_stage_key
)

select
  opportunity_stage_key,
  opportunity_key,
  pipeline_stage_key,
  outcome,
  entered_at,
  converted_at,
  is_current,
  is_skipped,
  days_before,
  current_since
from final
