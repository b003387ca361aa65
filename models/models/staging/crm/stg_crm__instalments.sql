with source as (
  select * from {{ source('crm', 'instalments') }}
),

renamed as (
  select
    row_key as instalment_key,
    id as instalment_id,
    order_id,
    sequence,
    kind,
    due_on,
    amount as amount_original,
    created_at
  from source
  where deleted_at is null
)

select * from renamed
