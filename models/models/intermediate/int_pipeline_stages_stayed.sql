with entries as (
  select * from {{ ref('int_opportunity_stages_summed') }}
)

-- What a usual stay is: only those who stayed and left.
select
  pipeline_stage_key,
  quantile_cont(days_before, 0.9) as days_p90
from entries
where outcome = 'open' and not is_current and not is_skipped
group by pipeline_stage_key
