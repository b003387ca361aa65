with source as (
  select * from {{ source('fits', 'customer_value') }}
),

renamed as (
  select
    customer_key,
    p_alive,
    expected_purchases_52w,
    expected_spend,
    clv_52w,
    sample,
    as_of,
    fitted_at
  from source
)

select * from renamed
