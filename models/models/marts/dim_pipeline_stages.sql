with stages as (
  select * from {{ ref('stg_crm__pipeline_stages') }}
),

final as (
  select
    pipeline_stage_key,
    pipeline,
    stage,
    label_zh,
    label_en,
    stage_order,
    probability,
    outcome
  from stages
)

select
  pipeline_stage_key,
  pipeline,
  stage,
  label_zh,
  label_en,
  stage_order,
  probability,
  outcome
from final
