{{ config(meta={'live': {'key': 'opportunity_key', 'from': {
  'fct_pipeline_movements': 'opportunity_key',
  'fct_opportunity_history': 'opportunity_key'
}}}) }}
-- Two ways to the same figures for every stage at the end of every day: the ledger's running sum, and the states that held then.
with days as (
  select unnest(generate_series(min(moved_on), max(moved_on), interval 1 day)) as day
  from {{ ref('fct_pipeline_movements') }}
),

moved as (
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
    select pipeline, stage, from_on as day, 1 as change, coalesce(amount, 0) as amount from {{ ref('fct_opportunity_history') }}
    union all
    select pipeline, stage, to_on, -1, coalesce(amount, 0) from {{ ref('fct_opportunity_history') }} where to_on is not null
  ) as ends
  group by pipeline, stage, day
),

places as (
  select distinct
    pipeline,
    stage
  from moved
),

balances as (
  select
    places.pipeline,
    places.stage,
    days.day,
    sum(coalesce(moved.count_change, 0)) over place as ledger_count,
    sum(coalesce(moved.amount_change, 0)) over place as ledger_amount,
    sum(coalesce(present.count_change, 0)) over place as history_count,
    sum(coalesce(present.amount_change, 0)) over place as history_amount
  from places
  cross join days
  left join moved on places.pipeline = moved.pipeline and places.stage = moved.stage and days.day = moved.moved_on
  left join present on places.pipeline = present.pipeline and places.stage = present.stage and days.day = present.day
  window place as (partition by places.pipeline, places.stage order by days.day)
)

select *
from balances
where ledger_count <> history_count or ledger_amount <> history_amount or ledger_count < 0
