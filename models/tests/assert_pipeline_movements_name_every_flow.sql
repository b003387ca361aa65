{{ config(meta={'live': {'key': 'opportunity_key', 'from': {
  'fct_pipeline_movements': 'opportunity_key'
}}}) }}
-- Opening + in + amount changes + shifts − forward − lost − back = closing: every movement belongs to exactly one term, for each stage and month.
with flows as (
  select
    pipeline,
    stage,
    date_trunc('month', moved_on) as month,
    sum(count_change) as net_count,
    sum(amount_change) as net_amount,
    count(*) filter (where side = 'in' and kind in ('new', 'forward', 'back', 'won', 'lost', 'reopened', 'skipped')) as in_count,
    count(*) filter (where side = 'out' and kind in ('forward', 'won', 'skipped')) as forward_count,
    count(*) filter (where side = 'out' and kind = 'lost') as lost_count,
    count(*) filter (where side = 'out' and kind in ('back', 'reopened')) as back_count,
    coalesce(sum(amount_change) filter (where side = 'in' and kind in ('new', 'forward', 'back', 'won', 'lost', 'reopened', 'skipped')), 0)
      as in_amount,
    coalesce(-sum(amount_change) filter (where side = 'out' and kind in ('forward', 'won', 'skipped')), 0) as forward_amount,
    coalesce(-sum(amount_change) filter (where side = 'out' and kind = 'lost'), 0) as lost_amount,
    coalesce(-sum(amount_change) filter (where side = 'out' and kind in ('back', 'reopened')), 0) as back_amount,
    coalesce(sum(amount_change) filter (where side = 'amount'), 0) as adjusted_amount,
    coalesce(sum(count_change) filter (where kind in ('slipped', 'pulled_in', 'transferred')), 0) as shifted_count,
    coalesce(sum(amount_change) filter (where kind in ('slipped', 'pulled_in', 'transferred')), 0) as shifted_amount
  from {{ ref('fct_pipeline_movements') }}
  group by pipeline, stage, month
)

select *
from flows
where
  net_count <> in_count - forward_count - lost_count - back_count
  or net_amount <> in_amount + adjusted_amount - forward_amount - lost_amount - back_amount
  or shifted_count <> 0
  or shifted_amount <> 0
