with customers as (
  select * from {{ ref('dim_customers') }}
),

orders as (
  select
    customer_key,
    ordered_on,
    amount
  from {{ ref('fct_orders') }}
  where is_counted and kind = 'sale' and line_count > 0
),

ledger as (
  select
    customer_key,
    date_trunc('month', ordered_on) as month,
    count(*) as order_count,
    sum(amount) as order_amount
  from orders
  group by all

  union all by name

  -- Beside the month a year later, in the running one as far as its days have come.
  select
    customer_key,
    date_trunc('month', ordered_on + interval 1 year) as month,
    sum(amount) as order_amount_year_before
  from orders
  where ordered_on + interval 1 year <= {{ company_date(as_of()) }}
  group by all

  union all by name

  select
    customer_key,
    date_trunc('month', received_on) as month,
    sum(amount) as receipt_amount
  from {{ ref('fct_receipts') }}
  where is_counted
  group by all

  union all by name

  select
    customer_key,
    month,
    1 as customers,
    cast(is_active_at_end as integer) as active_customers,
    cast(is_new as integer) as new_customers
  from {{ ref('fct_customer_months') }}
),

final as (
  select
    customers.country,
    customers.region,
    customers.city,
    customers.owner_key as customer_owner_key,
    customers.department_key,
    cast(ledger.month as date) as month,
    coalesce(sum(ledger.order_count), 0) as order_count,
    coalesce(sum(ledger.order_amount), 0) as order_amount,
    coalesce(sum(ledger.order_amount_year_before), 0) as order_amount_year_before,
    coalesce(sum(ledger.receipt_amount), 0) as receipt_amount,
    coalesce(sum(ledger.customers), 0) as customers,
    coalesce(sum(ledger.active_customers), 0) as active_customers,
    coalesce(sum(ledger.new_customers), 0) as new_customers
  from ledger
  left join customers on ledger.customer_key = customers.customer_key
  group by all
)

select
  md5(concat_ws('|', coalesce(country, ''), coalesce(region, ''), coalesce(city, ''), coalesce(customer_owner_key, 0), coalesce(department_key, 0), month))
    as region_month_key,
  country,
  region,
  city,
  customer_owner_key,
  department_key,
  month,
  {{ company_instant('month') }} as month_starts_at,
  cast(order_count as bigint) as order_count,
  cast(order_amount as decimal(18, 2)) as order_amount,
  cast(order_amount_year_before as decimal(18, 2)) as order_amount_year_before,
  cast(receipt_amount as decimal(18, 2)) as receipt_amount,
  cast(customers as bigint) as customers,
  cast(active_customers as bigint) as active_customers,
  cast(new_customers as bigint) as new_customers
from final
