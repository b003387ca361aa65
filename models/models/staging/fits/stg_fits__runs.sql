with source as (
  select * from {{ source('fits', 'runs') }}
),

renamed as (
  select
    fit || '-' || strftime(timezone('UTC', as_of), '%Y%m%dT%H%M%S.%g') as fit_run_key,
    fit,
    status,
    sample,
    remark,
    seconds,
    as_of,
    fitted_at
  from source
)

select * from renamed
