with source as (
  select * from {{ source('fits', 'bg_nbd') }}
),

renamed as (
  select
    r,
    alpha,
    a,
    b,
    log_likelihood,
    sample,
    as_of,
    fitted_at
  from source
)

select * from renamed
