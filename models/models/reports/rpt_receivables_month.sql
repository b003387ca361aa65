with owed as (
  select
    customer_key,
    owner_key,
    department_key,
    month,
    open_amount,
    overdue_amount,
    0 as billed_amount
  from {{ ref('fct_receivable_months') }}
),

-- Every month end within the 90 days from an order on, the running month ending at the cut.
billed as (
  select
    orders.customer_key,
    orders.owner_key,
    orders.department_key,
    cast(series.month_start as date) as month,
    0 as open_amount,
    0 as overdue_amount,
    cast(orders.amount + orders.tax_amount as decimal(18, 2)) as billed_amount
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
),

either as (
  select * from owed
  union all
  select * from billed
),

summed as (
  select
    customer_key,
    owner_key,
    department_key,
    month,
    sum(open_amount) as open_amount,
    sum(overdue_amount) as overdue_amount,
    sum(billed_amount) as billed_amount
  from either
  group by customer_key, owner_key, department_key, month
),

-- What is the customer's is added to the sums: carried through them it would be most of the work.
final as (
  select
    coalesce(cast(summed.customer_key as varchar), '') || '-' || coalesce(cast(summed.owner_key as varchar), '') || '-'
    || coalesce(cast(summed.department_key as varchar), '') || '-' || strftime(summed.month, '%Y%m') as receivables_month_key,
    summed.*,
    {{ company_instant('summed.month') }} as month_starts_at,
    customers.customer_id,
    customers.name as customer_name,
    customers.region,
    customers.owner_key as customer_owner_key
  from summed
  left join {{ ref('dim_customers') }} as customers on summed.customer_key = customers.customer_key
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
