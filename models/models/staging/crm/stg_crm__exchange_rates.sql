with source as (
  select * from {{ source('crm', 'exchange_rates') }}
),

renamed as (
  select
    row_key as exchange_rate_key,
    id as exchange_rate_id,
    currency,
    rate,
    valid_on
  from source
  where deleted_at is null
)

select * from renamed
