with entries as (
  select
    opportunity_key,
    pipeline_stage_key,
    min(entered_at) as entered_at
  from {{ ref('int_opportunity_stages_entered') }}
  group by opportunity_key, pipeline_stage_key
)

select
  cast(opportunities.opportunity_key as bigint) * 1000000 + stages.pipeline_stage_key as cohort_key,
  opportunities.opportunity_key,
  stages.pipeline_stage_key,
  opportunities.created_at,
  opportunities.owner_key,
  opportunities.department_key,
  opportunities.customer_owner_key,
  {{ company_date('entries.entered_at') }} - opportunities.created_on as days_to_enter,
  {{ company_date(as_of()) }} - opportunities.created_on as age_days
from {{ ref('fct_opportunities') }} as opportunities
inner join {{ ref('dim_pipeline_stages') }} as stages on opportunities.pipeline = stages.pipeline
left join entries
  on opportunities.opportunity_key = entries.opportunity_key
  and stages.pipeline_stage_key = entries.pipeline_stage_key
