with source as (
  select * from {{ source('fits', 'gamma_gamma') }}
),

renamed as (
  select
    p,
    q,
    v,
    log_likelihood,
    sample,
    as_of,
    fitted_at
  from source
)

select * from renamed
