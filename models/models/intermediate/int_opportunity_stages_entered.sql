with stages as (
  select * from {{ ref('stg_crm__pipeline_stages') }}
),

opportunities as (
  select * from {{ ref('int_opportunities_followed') }}
),

events as (
  select
    opportunities.opportunity_key,
    opportunities.pipeline,
    stages.pipeline_stage_key,
    stages.stage_order,
    stages.outcome,
    stage_events.stage_event_key,
    stage_events.effective_at as entered_at,
    lead(stage_events.effective_at) over opportunity as left_at,
    coalesce(
      max(case when stages.outcome <> 'lost' then stages.stage_order end) over (
        opportunity rows between unbounded preceding and 1 preceding
      ),
      0
    ) as furthest_order
  from {{ ref('stg_crm__stage_events') }} as stage_events
  inner join opportunities on stage_events.record_id = opportunities.opportunity_id
  inner join stages on opportunities.pipeline = stages.pipeline and stage_events.to_stage = stages.stage
  window opportunity as (
    partition by opportunities.opportunity_key
    order by stage_events.effective_at, stage_events.stage_event_key
  )
),

-- A jump forward, or to won, counts as having entered the open stages it skipped, for no time at all.
skipped as (
  select
    events.opportunity_key,
    stages.pipeline_stage_key,
    stages.stage_order,
    stages.outcome,
    events.stage_event_key,
    events.entered_at,
    events.entered_at as left_at,
    true as is_skipped
  from events
  inner join stages
    on events.pipeline = stages.pipeline
    and stages.outcome = 'open'
    and events.furthest_order < stages.stage_order
    and events.stage_order > stages.stage_order
  where events.outcome <> 'lost'
),

final as (
  select
    opportunity_key,
    pipeline_stage_key,
    stage_order,
    outcome,
    stage_event_key,
    entered_at,
    left_at,
    false as is_skipped
  from events

  union all

  select
    opportunity_key,
    pipeline_stage_key,
    stage_order,
    outcome,
    stage_event_key,
    entered_at,
    left_at,
    is_skipped
  from skipped
)

select
  cast(stage_event_key as bigint) * 100000 + pipeline_stage_key as visit_key,
  opportunity_key,
  pipeline_stage_key,
  stage_order,
  outcome,
  entered_at,
  left_at,
  is_skipped
from final
