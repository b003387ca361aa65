with entries as (
  select * from {{ ref('int_opportunity_stages_summed') }}
),

-- As of the start of the company's day: who is stuck does not change while the day lasts.
final as (
  select
    entries.opportunity_key,
    entries.pipeline_stage_key
  from entries
  inner join {{ ref('int_pipeline_stages_stayed') }} as stayed on entries.pipeline_stage_key = stayed.pipeline_stage_key
  where entries.outcome = 'open'
    and entries.is_current
    and entries.days_before + (epoch({{ company_instant(company_date(as_of())) }}) - epoch(entries.current_since)) / 86400 > stayed.days_p90
)

select
  opportunity_key,
  pipeline_stage_key
from final
