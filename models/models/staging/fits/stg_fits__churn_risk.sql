with source as (
  select * from {{ source('fits', 'churn_risk') }}
),

renamed as (
  select
    customer_key,
    score,
    decile,
    reason_1,
    reason_2,
    reason_3,
    horizon_days,
    sample,
    as_of,
    fitted_at
  from source
)

select * from renamed
