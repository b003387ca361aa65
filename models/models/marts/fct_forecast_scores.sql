-- Of several forecasts of a month from the same distance the first counts: it is the one that people acted upon.
with published as (
  select * from {{ ref('stg_fits__forecasts') }}
  qualify row_number() over (partition by series_kind, series_key, measure, month, horizon order by as_of) = 1
),

compared as (
  select
    published.*,
    series.employee_key,
    series.department_key,
    series.value as actual_amount,
    cast(published.mean - series.value as decimal(18, 2)) as error_amount,
    cast(abs(published.mean - series.value) as decimal(18, 2)) as absolute_error_amount
  from published
  inner join {{ ref('fct_forecast_series') }} as series
    on published.series_kind = series.series_kind
    and published.series_key is not distinct from series.series_key
    and published.measure = series.measure
    and published.month = series.month
),

final as (
  select
    *,
    {{ company_instant('month') }} as month_starts_at,
    cast(absolute_error_amount as double) / nullif(mase_scale, 0) as scaled_error,
    actual_amount between lower80 and upper80 as is_within_80,
    actual_amount between lower95 and upper95 as is_within_95
  from compared
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
  method,
  mean as forecast_amount,
  actual_amount,
  error_amount,
  absolute_error_amount,
  scaled_error,
  is_within_80,
  is_within_95,
  as_of
from final
