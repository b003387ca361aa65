with owed as (
  select
    customer_key,
    owner_key,
    customer_owner_key,
    department_key,
    customer_id,
    customer_name,
    region,
    month,
    sum(open_amount) as open_amount,
    sum(overdue_amount) as overdue_amount,
    0 as billed_amount
  from {{ ref('fct_receivable_months') }}
  group by all
),

-- Every month end within the 90 days from an order on, the running month ending at the cut.
billed as (
  select
    orders.customer_key,
    orders.owner_key,
    orders.customer_owner_key,
    orders.department_key,
    orders.customer_id,
    orders.customer_name,
    orders.region,
    cast(series.month_start as date) as month,
    0 as open_amount,
    0 as overdue_amount,
    sum(orders.amount + orders.tax_amount) as billed_amount
  from {{ ref('fct_orders') }} as orders
  cross join lateral (
    select unnest(generate_series(
      date_trunc('month', orders.ordered_on),
      date_trunc('month', orders.ordered_on + 89),
      interval 1 month
    )) as month_start
  ) as series
  where orders.is_counted
    and orders.kind = 'sale'
    and series.month_start <= {{ company_date(as_of()) }}
    and least(last_day(series.month_start), {{ company_date(as_of()) }}) between orders.ordered_on and orders.ordered_on + 89
  group by all
),

either as (
  select * from owed
  union all
  select * from billed
),

final as (
  select
    coalesce(cast(customer_key as varchar), '') || '-' || coalesce(cast(owner_key as varchar), '') || '-'
    || coalesce(cast(department_key as varchar), '') || '-' || strftime(month, '%Y%m') as receivables_month_key,
    month,
    {{ company_instant('month') }} as month_starts_at,
    customer_key,
    any_value(customer_id) as customer_id,
    any_value(customer_name) as customer_name,
    any_value(region) as region,
    owner_key,
    any_value(customer_owner_key) as customer_owner_key,
    department_key,
    sum(open_amount) as open_amount,
    sum(overdue_amount) as overdue_amount,
    sum(billed_amount) as billed_amount
  from either
  group by customer_key, owner_key, department_key, month
)

select
  receivables_month_key,
  month,
  month_starts_at,
  customer_key,
  customer_id,
  customer_name,
  region,
  owner_key,
  customer_owner_key,
  department_key,
  cast(open_amount as decimal(18, 2)) as open_amount,
  cast(overdue_amount as decimal(18, 2)) as overdue_amount,
  cast(billed_amount as decimal(18, 2)) as billed_amount
from final
