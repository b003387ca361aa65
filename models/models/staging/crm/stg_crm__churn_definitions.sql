with source as (
  select * from {{ source('crm', 'churn_definitions') }}
),

renamed as (
  select
    row_key as churn_definition_key,
    id as churn_definition_id,
    segment,
    method,
    multiple,
    days
  from source
  where deleted_at is null
)

select * from renamed
