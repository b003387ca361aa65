with states as (
  select
    *,
    date_trunc('month', expected_close_on) as close_month
  from {{ ref('int_opportunity_states') }}
),

steps as (
  select
    states.*,
    lag(states.stage) over opportunity as stage_before,
    lag(states.pipeline_stage_key) over opportunity as pipeline_stage_key_before,
    lag(states.stage_order) over opportunity as stage_order_before,
    lag(states.status) over opportunity as status_before,
    lag(states.amount) over opportunity as amount_before,
    lag(states.close_month) over opportunity as close_month_before,
    lag(states.owner_key) over opportunity as owner_key_before,
    lag(states.department_key) over opportunity as department_key_before
  from states
  window opportunity as (partition by states.opportunity_key order by states.step)
),

-- What moves a deal from one place (stage, month of expected close, owner, department) to another; null when it stays where it is.
moves as (
  select
    *,
    case
      when stage_before is null then 'new'
      when stage_before <> stage and status = 'lost' then 'lost'
      when stage_before <> stage and status = 'won' then 'won'
      when stage_before <> stage and status_before <> 'open' then 'reopened'
      when stage_before <> stage and stage_order > stage_order_before then 'forward'
      when stage_before <> stage then 'back'
      when close_month > close_month_before or (close_month is null and close_month_before is not null) then 'slipped'
      when (close_month is distinct from close_month_before) then 'pulled_in'
      when (owner_key, department_key) is distinct from (owner_key_before, department_key_before) then 'transferred'
    end as kind
  from steps
),

-- A jump forward passes through the open stages between: in and out at once, at the place where it arrives.
passed as (
  select
    moves.*,
    stages.stage as passed_stage,
    stages.pipeline_stage_key as passed_stage_key,
    row_number() over (partition by moves.state_key order by stages.stage_order) as passed_order
  from moves
  inner join {{ ref('dim_pipeline_stages') }} as stages
    on moves.pipeline = stages.pipeline
    and stages.outcome = 'open'
    and coalesce(moves.stage_order_before, 0) < stages.stage_order
    and moves.stage_order > stages.stage_order
  where moves.kind in ('new', 'forward', 'won')
),

ledger as (
  select
    state_key * 100 as movement_key,
    opportunity_key,
    from_at as moved_at,
    case when amount > amount_before then 'increased' else 'decreased' end as kind,
    'amount' as side,
    stage_before as stage,
    pipeline_stage_key_before as pipeline_stage_key,
    status_before as status,
    close_month_before as close_month,
    owner_key_before as owner_then_key,
    department_key_before as department_then_key,
    0 as count_change,
    amount - amount_before as amount_change
  from moves
  where stage_before is not null and amount <> amount_before

  union all

  select
    state_key * 100 + 1,
    opportunity_key,
    from_at,
    kind,
    'out',
    stage_before,
    pipeline_stage_key_before,
    status_before,
    close_month_before,
    owner_key_before,
    department_key_before,
    -1,
    -amount
  from moves
  where kind is not null and kind <> 'new'

  union all

  select
    state_key * 100 + 2,
    opportunity_key,
    from_at,
    kind,
    'in',
    stage,
    pipeline_stage_key,
    status,
    close_month,
    owner_key,
    department_key,
    1,
    amount
  from moves
  where kind is not null

  union all

  select
    state_key * 100 + 2 * passed_order + sides.place,
    opportunity_key,
    from_at,
    'skipped',
    sides.side,
    passed_stage,
    passed_stage_key,
    'open',
    close_month,
    owner_key,
    department_key,
    sides.sign,
    sides.sign * amount
  from passed
  cross join (values (1, 'in', 1), (2, 'out', -1)) as sides (place, side, sign)
)

select
  ledger.movement_key,
  ledger.opportunity_key,
  ledger.moved_at,
  {{ company_date('ledger.moved_at') }} as moved_on,
  ledger.kind,
  ledger.side,
  opportunities.pipeline,
  ledger.stage,
  ledger.pipeline_stage_key,
  ledger.status,
  cast(ledger.close_month as date) as close_month,
  ledger.owner_then_key,
  ledger.department_then_key,
  opportunities.owner_key,
  opportunities.department_key,
  opportunities.customer_owner_key,
  opportunities.customer_key,
  opportunities.product_key,
  opportunities.source,
  opportunities.region,
  ledger.count_change,
  cast(ledger.amount_change as decimal(18, 2)) as amount_change
from ledger
inner join {{ ref('fct_opportunities') }} as opportunities on ledger.opportunity_key = opportunities.opportunity_key
