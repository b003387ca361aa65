with customers as (
  select * from {{ ref('dim_customers') }}
),

last_orders as (
  select
    customer_key,
    cast(date_trunc('month', ordered_on) as date) as month,
    max(ordered_on) as last_order_on
  from {{ ref('fct_orders') }}
  where is_counted and kind = 'sale' and ordered_on <= {{ company_date(as_of()) }}
  group by
    customer_key,
    month
),

-- The last order changes in the months with an order only: each says what holds until the next.
ordering as (
  select
    customer_key,
    last_order_on,
    lag(last_order_on) over customer as last_before_on,
    month as from_month,
    lead(month, 1, date_trunc('month', {{ company_date(as_of()) }}) + interval 1 month) over customer as until_month
  from last_orders
  window customer as (partition by customer_key order by month)
),

-- From a customer's first sign of life to the month of the cut, which ends at the cut.
spans as (
  select
    customer_key,
    null as last_order_on,
    null as last_before_on,
    date_trunc('month', least(created_on, coalesce(first_order_on, created_on))) as from_month,
    date_trunc('month', coalesce(first_order_on, {{ company_date(as_of()) }} + interval 1 month)) as until_month
  from customers

  union all

  select * from ordering
),

months as (
  select
    customers.customer_key,
    customers.owner_key,
    customers.created_on,
    spans.last_order_on,
    case when series.month_start = spans.from_month then spans.last_before_on else spans.last_order_on end as last_before_on,
    cast(series.month_start as date) as month
  from spans
  inner join customers on spans.customer_key = customers.customer_key
  cross join lateral (
    select unnest(generate_series(
      greatest(spans.from_month, {{ first_month() }}), spans.until_month - interval 1 month, interval 1 month
    )) as month_start
  ) as series
),

final as (
  select
    {{ month_key('customer_key', 'month') }} as customer_month_key,
    customer_key,
    owner_key,
    month,
    {{ company_instant('month') }} as month_starts_at,
    date_trunc('month', created_on) = month as is_new,
    coalesce(last_before_on > month - 1 - {{ active_days() }}, false) as is_active_at_start,
    coalesce(last_order_on > least(last_day(month), {{ company_date(as_of()) }}) - {{ active_days() }}, false) as is_active_at_end
  from months
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
