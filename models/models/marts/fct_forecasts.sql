with forecasts as (
  select * from {{ ref('stg_fits__forecasts') }}
  qualify as_of = max(as_of) over ()
),

actuals as (
  select * from {{ ref('fct_forecast_series') }}
),

-- A month may be complete already when the next forecast is not yet made: then it has both.
final as (
  select
    coalesce(actuals.series_kind, forecasts.series_kind) || '-' || coalesce(cast(coalesce(actuals.series_key, forecasts.series_key) as varchar), '')
    || '-' || coalesce(actuals.measure, forecasts.measure) || '-' || strftime(coalesce(actuals.month, forecasts.month), '%Y%m') as series_month_key,
    coalesce(actuals.series_kind, forecasts.series_kind) as series_kind,
    coalesce(actuals.series_key, forecasts.series_key) as series_key,
    coalesce(actuals.measure, forecasts.measure) as measure,
    coalesce(actuals.month, forecasts.month) as month,
    forecasts.horizon,
    actuals.value as actual_amount,
    forecasts.mean as forecast_amount,
    forecasts.lower80,
    forecasts.upper80,
    forecasts.lower95,
    forecasts.upper95,
    forecasts.method,
    forecasts.sample,
    forecasts.as_of,
    forecasts.fitted_at
  from actuals
  full outer join forecasts
    on actuals.series_kind = forecasts.series_kind
    and actuals.series_key is not distinct from forecasts.series_key
    and actuals.measure = forecasts.measure
    and actuals.month = forecasts.month
)

select
  series_month_key,
  series_kind,
  series_key,
  case when series_kind = 'employee' then series_key end as employee_key,
  case when series_kind = 'department' then series_key end as department_key,
  measure,
  month,
  {{ company_instant('month') }} as month_starts_at,
  horizon,
  actual_amount,
  forecast_amount,
  lower80,
  upper80,
  lower95,
  upper95,
  method,
  sample,
  as_of,
  fitted_at
from final
