with scored as (
  select * from {{ ref('stg_fits__churn_risk') }}
),

-- A customer deleted since the fit has no row any more.
final as (
  select
    scored.*,
    {{ company_date('scored.as_of') }} as fitted_on,
    {{ company_instant(company_date('scored.as_of')) }} as fitted_day_starts_at,
    cast(coalesce(bought.amount, 0) as decimal(18, 2)) as amount_12m,
    cast(round(coalesce(bought.amount, 0) * cast(scored.score as decimal(18, 8)), 2) as decimal(18, 2)) as expected_loss_amount
  from scored
  inner join {{ ref('stg_crm__customers') }} as customers on scored.customer_key = customers.customer_key
  left join {{ ref('fct_customer_rfm') }} as bought on scored.customer_key = bought.customer_key
)

select
  customer_key,
  fitted_on,
  fitted_day_starts_at,
  horizon_days,
  sample,
  score,
  decile,
  reason_1,
  reason_2,
  reason_3,
  amount_12m,
  expected_loss_amount
from final
