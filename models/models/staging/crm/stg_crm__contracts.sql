with source as (
  select * from {{ source('crm', 'contracts') }}
),

renamed as (
  select
    row_key as contract_key,
    id as contract_id,
    number,
    name,
    customer_id,
    opportunity_id,
    owner_id,
    department_id,
    status,
    signed_on,
    starts_on,
    ends_on,
    terminated_on,
    termination_reason,
    amount as amount_original,
    currency,
    exchange_rate,
    renewal_of_id,
    created_at,
    {{ company_date('created_at') }} as created_on
  from source
  where deleted_at is null
)

select * from renamed
