with source as (
  select * from {{ source('crm', 'pipeline_stages') }}
),

renamed as (
  select
    row_key as pipeline_stage_key,
    id as pipeline_stage_id,
    pipeline,
    code as stage,
    name as label_zh,
    name_en as label_en,
    position as stage_order,
    probability,
    outcome
  from source
  where deleted_at is null
)

select * from renamed
