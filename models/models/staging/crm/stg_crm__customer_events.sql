with source as (
  select * from {{ source('crm', 'customer_events') }}
),

renamed as (
  select
    row_key as customer_event_key,
    id as customer_event_id,
    customer_id,
    kind,
    reason,
    occurred_at,
    {{ company_date('occurred_at') }} as occurred_on,
    owner_id,
    created_at
  from source
  where deleted_at is null
)

select * from renamed
