with results as (
  select
    owner_key,
    department_key,
    ordered_on - cast(day(ordered_on) - 1 as integer) as month,
    amount as order_amount,
    0 as receipt_amount,
    0 as won_amount,
    0 as new_customers
  from {{ ref('fct_orders') }}
  where is_counted and kind = 'sale'

  union all

  select
    owner_key,
    department_key,
    received_on - cast(day(received_on) - 1 as integer) as month,
    0 as order_amount,
    amount as receipt_amount,
    0 as won_amount,
    0 as new_customers
  from {{ ref('fct_receipts') }}
  where is_counted

  union all

  select
    owner_key,
    department_key,
    closed_on - cast(day(closed_on) - 1 as integer) as month,
    0 as order_amount,
    0 as receipt_amount,
    amount as won_amount,
    0 as new_customers
  from {{ ref('fct_opportunities') }}
  where status = 'won' and closed_on is not null

  union all

  select
    owner_key,
    department_key,
    created_on - cast(day(created_on) - 1 as integer) as month,
    0 as order_amount,
    0 as receipt_amount,
    0 as won_amount,
    1 as new_customers
  from {{ ref('dim_customers') }}
),

final as (
  select
    coalesce(cast(owner_key as varchar), '') || '-' || coalesce(cast(department_key as varchar), '') || '-'
    || strftime(month, '%Y%m') as employee_month_key,
    {{ result_key('owner_key', 'month') }} as result_key,
    owner_key,
    department_key,
    cast(month as date) as month,
    cast(coalesce(sum(order_amount), 0) as decimal(18, 2)) as order_amount,
    cast(coalesce(sum(receipt_amount), 0) as decimal(18, 2)) as receipt_amount,
    cast(coalesce(sum(won_amount), 0) as decimal(18, 2)) as won_amount,
    sum(new_customers) as new_customers
  from results
  group by owner_key, department_key, month
)

select
  employee_month_key,
  result_key,
  owner_key,
  department_key,
  month,
  order_amount,
  receipt_amount,
  won_amount,
  cast(new_customers as bigint) as new_customers
from final
