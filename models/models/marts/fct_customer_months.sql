with customers as (
  select * from {{ ref('dim_customers') }}
),

order_days as (
  select distinct
    customer_key,
    ordered_on
  from {{ ref('fct_orders') }}
  where is_counted and kind = 'sale' and ordered_on <= {{ company_date(as_of()) }}
),

-- From a customer's first sign of life to the month of the cut, which ends at the cut.
months as (
  select
    customers.customer_key,
    customers.owner_key,
    customers.created_on,
    cast(series.month_start as date) as month,
    least(last_day(cast(series.month_start as date)), {{ company_date(as_of()) }}) as ends_on
  from customers
  cross join lateral (
    select unnest(generate_series(
      date_trunc('month', least(customers.created_on, coalesce(customers.first_order_on, customers.created_on))),
      date_trunc('month', {{ company_date(as_of()) }}),
      interval 1 month
    )) as month_start
  ) as series
),

ends as (
  select
    months.*,
    coalesce(order_days.ordered_on > months.ends_on - {{ active_days() }}, false) as is_active_at_end
  from months
  asof left join order_days
    on months.customer_key = order_days.customer_key and months.ends_on >= order_days.ordered_on
),

final as (
  select
    customer_key || '-' || strftime(month, '%Y%m') as customer_month_key,
    customer_key,
    owner_key,
    month,
    {{ company_instant('month') }} as month_starts_at,
    date_trunc('month', created_on) = month as is_new,
    lag(is_active_at_end, 1, false) over (partition by customer_key order by month) as is_active_at_start,
    is_active_at_end
  from ends
)

select
  customer_month_key,
  customer_key,
  owner_key,
  month,
  month_starts_at,
  is_new,
  is_active_at_start,
  is_active_at_end
from final
