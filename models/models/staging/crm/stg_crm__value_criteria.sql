with source as (
  select * from {{ source('crm', 'value_criteria') }}
),

renamed as (
  select
    row_key as value_criterion_key,
    id as value_criterion_id,
    segment,
    criterion,
    weight
  from source
  where deleted_at is null
)

select * from renamed
