with results as (
  select
    owner_key as employee_key,
    month,
    sum(order_amount) as order_amount,
    sum(receipt_amount) as receipt_amount,
    sum(won_amount) as won_amount,
    sum(new_customers) as new_customers
  from {{ ref('fct_employee_months') }}
  where owner_key is not null
  group by owner_key, month
),

targets as (
  select
    employee_key,
    month,
    sum(target_amount) filter (where measure = 'order_amount') as order_target
  from {{ ref('fct_targets') }}
  where employee_key is not null and level = 'goal'
  group by employee_key, month
),

-- The first month anything happened in, or the cut's when nothing has.
bounds as (
  select
    coalesce(min(month), date_trunc('month', {{ company_date(as_of()) }})) as first_month,
    date_trunc('month', {{ company_date(as_of()) }}) as last_month
  from {{ ref('fct_employee_months') }}
),

-- Every salesperson has a row for every month worked, so that who sold nothing shows with 0.
worked as (
  select
    employees.employee_key,
    cast(unnest(generate_series(
      greatest(bounds.first_month, date_trunc('month', coalesce(employees.hired_on, bounds.first_month))),
      least(bounds.last_month, date_trunc('month', coalesce(employees.left_on, bounds.last_month))),
      interval 1 month
    )) as date) as month
  from {{ ref('dim_employees') }} as employees
  cross join bounds
  where employees.is_salesperson
),

spine as (
  select employee_key, month from worked
  union
  select employee_key, month from results
  union
  select employee_key, month from targets
),

final as (
  select
    spine.employee_key || '-' || strftime(spine.month, '%Y%m') as employee_month_key,
    spine.employee_key,
    employees.department_key,
    spine.month,
    {{ company_instant('spine.month') }} as month_starts_at,
    cast(coalesce(results.order_amount, 0) as decimal(18, 2)) as order_amount,
    cast(coalesce(results.receipt_amount, 0) as decimal(18, 2)) as receipt_amount,
    cast(coalesce(results.won_amount, 0) as decimal(18, 2)) as won_amount,
    cast(coalesce(results.new_customers, 0) as bigint) as new_customers,
    cast(targets.order_target as decimal(18, 2)) as order_target
  from spine
  inner join {{ ref('dim_employees') }} as employees on spine.employee_key = employees.employee_key
  left join results on spine.employee_key = results.employee_key and spine.month = results.month
  left join targets on spine.employee_key = targets.employee_key and spine.month = targets.month
)

select
  employee_month_key,
  employee_key,
  department_key,
  month,
  month_starts_at,
  order_amount,
  receipt_amount,
  won_amount,
  new_customers,
  order_target
from final
