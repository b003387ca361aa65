with source as (
  select * from {{ source('fits', 'churn_model') }}
),

renamed as (
  select
    feature,
    weight,
    mean,
    deviation,
    sample,
    as_of,
    fitted_at
  from source
)

select * from renamed
