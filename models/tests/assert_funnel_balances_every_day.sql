{{ config(meta={'live': {'key': 'opportunity_key', 'from': {
  'fct_pipeline_movements': 'opportunity_key',
  'fct_opportunity_history': 'opportunity_key'
}}}) }}
-- Two ways to the same figures for every stage at the end of every day: the ledger's running sum, and the states that held then.
-- Between two days on which either changes, neither does.
with moved as (
  select
    pipeline,
    stage,
    moved_on,
    sum(count_change) as count_change,
    sum(coalesce(amount_change, 0)) as amount_change
  from {{ ref('fct_pipeline_movements') }}
  group by pipeline, stage, moved_on
),

-- What entered and left a stage's states, by the day: not by movement, but by who was there at midnight.
present as (
  select
    pipeline,
    stage,
    day,
    sum(change) as count_change,
    sum(change * amount) as amount_change
  from (
    select
      pipeline,
      stage,
      unnest([from_on, to_on]) as day,
      unnest([1, -1]) as change,
      coalesce(amount, 0) as amount
    from {{ ref('fct_opportunity_history') }}
  ) as ends
  where day is not null
  group by pipeline, stage, day
),

changes as (
  select
    pipeline,
    stage,
    moved_on as day,
    count_change as ledger_count,
    amount_change as ledger_amount,
    0 as history_count,
    0 as history_amount
  from moved
  union all
  select
    pipeline,
    stage,
    day,
    0 as ledger_count,
    0 as ledger_amount,
    count_change as history_count,
    amount_change as history_amount
  from present
),

balances as (
  select
    pipeline,
    stage,
    day,
    sum(sum(ledger_count)) over place as ledger_count,
    sum(sum(ledger_amount)) over place as ledger_amount,
    sum(sum(history_count)) over place as history_count,
    sum(sum(history_amount)) over place as history_amount
  from changes
  group by pipeline, stage, day
  window place as (partition by pipeline, stage order by day)
)

select *
from balances
where ledger_count <> history_count or ledger_amount <> history_amount or ledger_count < 0
