with source as (
  select * from {{ source('crm', 'receipts') }}
),

renamed as (
  select
    row_key as receipt_key,
    id as receipt_id,
    number,
    customer_id,
    order_id,
    owner_id,
    department_id,
    received_at,
    {{ company_date('received_at') }} as received_on,
    amount as amount_original,
    currency,
    exchange_rate,
    method,
    status
  from source
  where deleted_at is null
)

select * from renamed
