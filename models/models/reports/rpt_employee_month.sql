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

-- What counts as a result is the company's decision.
basis as (
  select
    value,
    case value when 'received' then 'receipt_amount' when 'won' then 'won_amount' else 'order_amount' end as measure
  from {{ ref('dim_company_settings') }}
  where setting = 'result_basis'
),

targets as (
  select
    targets.employee_key,
    targets.month,
    sum(targets.target_amount) filter (where targets.measure = 'order_amount' and targets.level = 'goal') as order_target,
    sum(targets.target_amount) filter (where targets.measure = basis.measure and targets.level = 'goal') as result_goal,
    sum(targets.target_amount) filter (where targets.measure = basis.measure and targets.level = 'stretch') as result_stretch,
    sum(targets.target_amount) filter (where targets.measure = basis.measure and targets.level = 'challenge') as result_challenge
  from {{ ref('fct_targets') }} as targets
  cross join basis
  where targets.employee_key is not null
  group by targets.employee_key, targets.month
),

-- How far a month has come, the day of the cut included.
paces as (
  select
    cast(date_trunc('month', date_key) as date) as month,
    count(*) filter (where is_workday) as workdays,
    count(*) filter (where is_workday and date_key <= {{ company_date(as_of()) }}) as workdays_over,
    bool_and(is_holiday_published) as is_calendar_published
  from {{ ref('dim_date') }}
  group by 1
),

-- The first month anything happened in, or the cut's when nothing has.
bounds as (
  select
    greatest({{ first_month() }}, coalesce(min(month), date_trunc('month', {{ company_date(as_of()) }}))) as first_month,
    date_trunc('month', {{ company_date(as_of()) }})
    + to_months(({{ var('fiscal_year_start').split('-')[0] | int + 11 }} - month({{ company_date(as_of()) }})) % 12) as last_month
  from {{ ref('fct_employee_months') }}
),

-- Every salesperson has a row for every month worked, so that who sold nothing shows with 0; and for those still to come in the
-- fiscal year, so that the share of a quarter or year that is over can be told.
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
    cast(targets.order_target as decimal(18, 2)) as order_target,
    basis.value as result_basis,
    cast(
      coalesce(
        case basis.value when 'received' then results.receipt_amount when 'won' then results.won_amount else results.order_amount end, 0
      ) as decimal(18, 2)
    ) as result_amount,
    cast(targets.result_goal as decimal(18, 2)) as result_goal,
    cast(targets.result_stretch as decimal(18, 2)) as result_stretch,
    cast(targets.result_challenge as decimal(18, 2)) as result_challenge,
    coalesce(paces.workdays, 0) as workdays,
    coalesce(paces.workdays_over, 0) as workdays_over,
    coalesce(paces.is_calendar_published, false) as is_calendar_published
  from spine
  cross join basis
  inner join {{ ref('dim_employees') }} as employees on spine.employee_key = employees.employee_key
  left join results on spine.employee_key = results.employee_key and spine.month = results.month
  left join targets on spine.employee_key = targets.employee_key and spine.month = targets.month
  left join paces on spine.month = paces.month
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
  order_target,
  result_basis,
  result_amount,
  result_goal,
  result_stretch,
  result_challenge,
  workdays,
  workdays_over,
  is_calendar_published
from final
