-- What a year of history says about the way from a lead to a won deal: company-wide, so that small teams do not reckon with chance.
with closed as (
  select
    count(*) filter (where status = 'won') as won_count,
    count(*) as closed_count,
    coalesce(sum(amount) filter (where status = 'won'), 0) as won_amount
  from {{ ref('fct_opportunities') }}
  where status in ('won', 'lost') and closed_on > {{ company_date(as_of()) }} - 365 and closed_on <= {{ company_date(as_of()) }}
),

leads as (
  select
    count(*) as lead_count,
    count(*) filter (where is_converted) as converted_count
  from {{ ref('fct_leads') }}
  where created_on > {{ company_date(as_of()) }} - 365 and created_on <= {{ company_date(as_of()) }}
),

-- A department's target that is also given in parts below it counts by its parts.
ledger as (
  select
    'target-' || target_key as coverage_key,
    month,
    employee_key as owner_key,
    department_key,
    cast(null as bigint) as customer_owner_key,
    cast(null as bigint) as pipeline_stage_key,
    target_amount,
    cast(0 as decimal(18, 2)) as won_amount,
    0 as open_count,
    cast(0 as decimal(18, 2)) as open_amount,
    cast(0 as decimal(18, 2)) as expected_amount
  from {{ ref('fct_targets') }}
  where measure = 'won_amount' and level = 'goal' and is_finest and month >= date_trunc('month', {{ company_date(as_of()) }})

  union all

  select
    'won-' || opportunity_key,
    date_trunc('month', closed_on),
    owner_key,
    department_key,
    customer_owner_key,
    pipeline_stage_key,
    0,
    coalesce(amount, 0),
    0,
    0,
    0
  from {{ ref('fct_opportunities') }}
  where status = 'won' and closed_on >= date_trunc('month', {{ company_date(as_of()) }})

  union all

  -- What should have closed by now is expected in the month that is running; what has no date, nowhere.
  select
    'open-' || opportunities.opportunity_key,
    date_trunc('month', greatest(opportunities.expected_close_on, {{ company_date(as_of()) }})),
    opportunities.owner_key,
    opportunities.department_key,
    opportunities.customer_owner_key,
    opportunities.pipeline_stage_key,
    0,
    0,
    1,
    coalesce(opportunities.amount, 0),
    coalesce({{ money_times('opportunities.amount', 'odds.probability') }}, 0)
  from {{ ref('fct_opportunities') }} as opportunities
  left join {{ ref('fct_pipeline_odds') }} as odds on opportunities.pipeline_stage_key = odds.pipeline_stage_key
  where opportunities.status = 'open' and opportunities.expected_close_on is not null
)

select
  ledger.coverage_key,
  cast(ledger.month as date) as month,
  {{ company_instant('ledger.month') }} as month_starts_at,
  ledger.owner_key,
  ledger.department_key,
  ledger.customer_owner_key,
  ledger.pipeline_stage_key,
  cast(ledger.target_amount as decimal(18, 2)) as target_amount,
  cast(ledger.won_amount as decimal(18, 2)) as won_amount,
  ledger.open_count,
  cast(ledger.open_amount as decimal(18, 2)) as open_amount,
  cast(ledger.expected_amount as decimal(18, 2)) as expected_amount,
  closed.won_count as history_won_count,
  closed.closed_count as history_closed_count,
  cast(closed.won_amount as decimal(18, 2)) as history_won_amount,
  leads.lead_count as history_lead_count,
  leads.converted_count as history_converted_count
from ledger
cross join closed
cross join leads
