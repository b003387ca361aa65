with forecasts as (
  select * from {{ ref('stg_fits__forecasts') }}
),

latest as (
  select max(as_of) as as_of from forecasts
),

final as (
  select
    forecasts.*,
    case when forecasts.series_kind = 'employee' then forecasts.series_key end as employee_key,
    case when forecasts.series_kind = 'department' then forecasts.series_key end as department_key,
    {{ company_instant('forecasts.month') }} as month_starts_at
  from forecasts
  inner join latest on forecasts.as_of = latest.as_of
)

select
  forecast_key,
  series_kind,
  series_key,
  employee_key,
  department_key,
  measure,
  month,
  month_starts_at,
  horizon,
  mean as forecast_amount,
  lower80,
  upper80,
  lower95,
  upper95,
  method,
  sample,
  as_of,
  fitted_at
from final
