with source as (
  select * from {{ source('crm', 'opportunities') }}
),

renamed as (
  select
    row_key as opportunity_key,
    id as opportunity_id,
    name,
    customer_id,
    product_id,
    owner_id,
    department_id,
    source,
    pipeline,
    stage,
    status,
    amount as amount_original,
    currency,
    exchange_rate,
    expected_close_on,
    closed_at,
    {{ company_date('closed_at') }} as closed_on,
    close_reason,
    created_at,
    {{ company_date('created_at') }} as created_on
  from source
  where deleted_at is null
)

select * from renamed
