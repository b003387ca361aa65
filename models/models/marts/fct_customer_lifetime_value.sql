with fitted as (
  select * from {{ ref('stg_fits__customer_value') }}
),

-- A customer deleted since the fit has no row any more.
final as (
  select
    fitted.*,
    {{ company_date('fitted.as_of') }} as fitted_on,
    {{ company_instant(company_date('fitted.as_of')) }} as fitted_day_starts_at,
    least(9, cast(floor(fitted.p_alive * 10) as integer)) / 10.0 as alive_band
  from fitted
  inner join {{ ref('stg_crm__customers') }} as customers on fitted.customer_key = customers.customer_key
)

select
  customer_key,
  fitted_on,
  fitted_day_starts_at,
  sample,
  p_alive,
  alive_band,
  expected_purchases_52w,
  expected_spend,
  clv_52w
from final
