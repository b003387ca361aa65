with stages as (
  select * from {{ ref('dim_pipeline_stages') }}
),

-- Only those that have ended say how it ended; whoever is still open is left out.
outcomes as (
  select
    entries.pipeline_stage_key,
    count(*) as finished_count,
    count(*) filter (where opportunities.status = 'won') as won_count
  from {{ ref('fct_opportunity_stages') }} as entries
  inner join {{ ref('fct_opportunities') }} as opportunities on entries.opportunity_key = opportunities.opportunity_key
  where opportunities.status in ('won', 'lost')
  group by entries.pipeline_stage_key
),

final as (
  select
    stages.*,
    coalesce(outcomes.finished_count, 0) as finished_count,
    coalesce(outcomes.won_count, 0) as won_count,
    coalesce(outcomes.finished_count, 0) >= {{ var('odds_sample', 30) }} and stages.outcome = 'open' as is_from_history
  from stages
  left join outcomes on stages.pipeline_stage_key = outcomes.pipeline_stage_key
)

select
  pipeline_stage_key,
  pipeline,
  stage,
  stage_order,
  label_zh,
  label_en,
  outcome,
  finished_count,
  won_count,
  cast(probability as decimal(18, 8)) as stated_probability,
  is_from_history,
  case
    when is_from_history then {{ share_of_counts('won_count', 'finished_count') }}
    else cast(probability as decimal(18, 8))
  end as probability
from final
