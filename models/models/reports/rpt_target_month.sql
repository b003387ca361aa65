with targets as (
  select * from {{ ref('fct_targets') }}
),

-- Employees with targets in several departments in one month.
split_over_departments as (
  select
    measure,
    level,
    month,
    employee_key
  from targets
  where employee_key is not null
  group by measure, level, month, employee_key
  having count(*) > 1
),

results as (
  select
    owner_key,
    department_key,
    month,
    measure,
    actual
  from (
    select
      owner_key,
      department_key,
      month,
      order_amount,
      receipt_amount,
      won_amount,
      cast(new_customers as decimal(18, 2)) as new_customers
    from {{ ref('fct_employee_months') }}
  ) as wide
  unpivot (actual for measure in (order_amount, receipt_amount, won_amount, new_customers))
),

-- A department and every department it lies in, itself included.
ancestors as (
  select
    department_key,
    unnest(path_keys) as ancestor_key
  from {{ ref('dim_departments') }}
),

of_departments as (
  select
    ancestors.ancestor_key as department_key,
    results.month,
    results.measure,
    sum(results.actual) as actual
  from results
  inner join ancestors on results.department_key = ancestors.department_key
  group by ancestors.ancestor_key, results.month, results.measure
),

of_employees as (
  select
    owner_key,
    month,
    measure,
    sum(actual) as actual
  from results
  group by owner_key, month, measure
),

of_employees_in_departments as (
  select
    owner_key,
    department_key,
    month,
    measure,
    sum(actual) as actual
  from results
  group by owner_key, department_key, month, measure
),

-- Departments whose target is also given in finer parts below them.
broken_down as (
  select distinct
    targets.measure,
    targets.level,
    targets.month,
    ancestors.ancestor_key as department_key
  from targets
  inner join ancestors on targets.department_key = ancestors.department_key
  where not targets.is_whole_department or ancestors.ancestor_key <> targets.department_key
),

final as (
  select
    targets.target_key,
    targets.target_id,
    targets.measure,
    targets.level,
    targets.department_key,
    targets.employee_key,
    targets.month,
    {{ company_instant('targets.month') }} as month_starts_at,
    case when targets.is_whole_department then 'department' else 'employee' end as target_for,
    not targets.is_whole_department or broken_down.department_key is null as is_finest,
    targets.target_amount,
    cast(
      coalesce(
        case
          when targets.is_whole_department then of_departments.actual
          when split_over_departments.employee_key is not null then of_employees_in_departments.actual
          else of_employees.actual
        end,
        0
      ) as decimal(18, 2)
    ) as actual_amount
  from targets
  left join broken_down
    on targets.measure = broken_down.measure
    and targets.level = broken_down.level
    and targets.month = broken_down.month
    and targets.department_key = broken_down.department_key
  left join split_over_departments
    on targets.measure = split_over_departments.measure
    and targets.level = split_over_departments.level
    and targets.month = split_over_departments.month
    and targets.employee_key = split_over_departments.employee_key
  left join of_departments
    on targets.department_key = of_departments.department_key
    and targets.month = of_departments.month
    and targets.measure = of_departments.measure
  left join of_employees
    on targets.employee_key = of_employees.owner_key
    and targets.month = of_employees.month
    and targets.measure = of_employees.measure
  left join of_employees_in_departments
    on targets.employee_key = of_employees_in_departments.owner_key
    and targets.department_key = of_employees_in_departments.department_key
    and targets.month = of_employees_in_departments.month
    and targets.measure = of_employees_in_departments.measure
)

select
  target_key,
  target_id,
  measure,
  level,
  department_key,
  employee_key,
  month,
  month_starts_at,
  target_for,
  is_finest,
  target_amount,
  actual_amount
from final
