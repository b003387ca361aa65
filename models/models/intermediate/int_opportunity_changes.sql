with opportunities as (
  select * from {{ ref('int_opportunities_followed') }}
),

stages_entered as (
  select
    opportunities.opportunity_key,
    stage_events.stage_event_key as event_key,
    stage_events.from_stage as from_value,
    stage_events.to_stage as to_value,
    stage_events.effective_at
  from {{ ref('stg_crm__stage_events') }} as stage_events
  inner join opportunities on stage_events.record_id = opportunities.opportunity_id
),

owners as (
  select
    opportunities.opportunity_key,
    owner_events.owner_event_key as event_key,
    cast(owner_events.from_value as varchar) as from_value,
    cast(owner_events.to_value as varchar) as to_value,
    owner_events.effective_at
  from {{ ref('stg_crm__owner_events') }} as owner_events
  inner join opportunities on owner_events.record_id = opportunities.opportunity_id
  where owner_events.entity = 'opportunity'
),

-- A department "as it was" is the one the owner of the time was in: an owner who moves takes the open deals along, but not the closed ones.
departments_of_owners as (
  {{ owner_departments('owners', 'opportunities', 'opportunity_key') }}
),

amounts as (
  select
    opportunities.opportunity_key,
    amount_events.amount_event_key as event_key,
    cast(amount_events.from_value as varchar) as from_value,
    cast(amount_events.to_value as varchar) as to_value,
    amount_events.effective_at
  from {{ ref('stg_crm__amount_events') }} as amount_events
  inner join opportunities on amount_events.record_id = opportunities.opportunity_id
  where amount_events.entity = 'opportunity'
),

expected_closes as (
  select
    opportunities.opportunity_key,
    expected_close_events.expected_close_event_key as event_key,
    cast(expected_close_events.from_value as varchar) as from_value,
    cast(expected_close_events.to_value as varchar) as to_value,
    expected_close_events.effective_at
  from {{ ref('stg_crm__expected_close_events') }} as expected_close_events
  inner join opportunities on expected_close_events.record_id = opportunities.opportunity_id
  where expected_close_events.entity = 'opportunity'
),

-- Who never entered a stage is counted with the one it is in.
never_entered as (
  select
    opportunity_key,
    cast(0 as bigint) as event_key,
    cast(null as varchar) as from_value,
    stage as to_value,
    case when status = 'open' then created_at else coalesce(closed_at, created_at) end as effective_at
  from opportunities
  where opportunity_key not in (select opportunity_key from stages_entered)
),

-- At one instant the amount changes first and the stage last: a deal moves on with its new amount.
final as (
  select *, 'amount' as attribute, 1 as attribute_order from amounts
  union all
  select *, 'expected_close' as attribute, 2 as attribute_order from expected_closes
  union all
  select *, 'owner' as attribute, 3 as attribute_order from owners
  union all
  select *, 'department' as attribute, 4 as attribute_order from departments_of_owners
  union all
  select *, 'stage' as attribute, 5 as attribute_order from stages_entered
  union all
  select *, 'stage' as attribute, 5 as attribute_order from never_entered
)

select
  cast(attribute_order as bigint) * 1000000000000000000 + cast(opportunity_key as bigint) * 10000000000 + event_key as change_key,
  opportunity_key,
  attribute,
  attribute_order,
  event_key,
  from_value,
  to_value,
  effective_at
from final
