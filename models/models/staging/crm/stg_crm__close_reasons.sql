with source as (
  select * from {{ source('crm', 'close_reasons') }}
),

renamed as (
  select
    row_key as close_reason_key,
    id as close_reason_id,
    outcome,
    code,
    name as label_zh,
    name_en as label_en,
    position
  from source
  where deleted_at is null
)

select * from renamed
