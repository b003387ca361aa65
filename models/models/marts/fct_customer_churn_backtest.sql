with tested as (
  select * from {{ ref('stg_fits__churn_backtest') }}
),

final as (
  select
    *,
    {{ company_date('as_of') }} as fitted_on
  from tested
)

select
  decile,
  customers as customer_count,
  predicted,
  actual,
  lift,
  auc,
  cut_on,
  horizon_days,
  sample,
  fitted_on
from final
