with source as (
  select * from {{ source('crm', 'orders') }}
),

renamed as (
  select
    row_key as order_key,
    id as order_id,
    number,
    kind,
    customer_id,
    opportunity_id,
    owner_id,
    department_id,
    status,
    ordered_at,
    {{ company_date('ordered_at') }} as ordered_on,
    currency,
    exchange_rate,
    discount as discount_original,
    freight as freight_original,
    created_at
  from source
  where deleted_at is null
)

select * from renamed
