with source as (
  select * from {{ source('fits', 'forecasts') }}
),

renamed as (
  select
    series_kind || '-' || coalesce(cast(series_key as varchar), '') || '-' || measure || '-' || strftime(month, '%Y%m') || '-' || strftime(timezone('UTC', as_of), '%Y%m%dT%H%M%S.%g') as forecast_key,
    series_kind,
    series_key,
    measure,
    month,
    horizon,
    mean,
    lower80,
    upper80,
    lower95,
    upper95,
    method,
    mase_scale,
    sample,
    as_of,
    fitted_at
  from source
)

select * from renamed
