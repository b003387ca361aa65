with source as (
  select * from {{ source('crm', 'contacts') }}
),

renamed as (
  select
    row_key as contact_key,
    id as contact_id,
    customer_id,
    title,
    is_decision_maker,
    created_at
  from source
  where deleted_at is null
)

select * from renamed
