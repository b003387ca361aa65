with targets as (
  select
    targets.target_key,
    targets.target_id,
    targets.measure,
    targets.level,
    departments.department_key,
    employees.employee_key,
    targets.month,
    targets.target_amount,
    targets.employee_id is null as is_whole_department
  from {{ ref('stg_crm__targets') }} as targets
  left join {{ ref('stg_crm__departments') }} as departments on targets.department_id = departments.department_id
  left join {{ ref('stg_crm__employees') }} as employees on targets.employee_id = employees.employee_id
),

-- A department and every department it lies in, itself included.
ancestors as (
  select
    department_key,
    unnest(path_keys) as ancestor_key
  from {{ ref('dim_departments') }}
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

final as (
  select
    targets.*,
    not targets.is_whole_department or broken_down.department_key is null as is_finest,
    split_over_departments.employee_key is not null as is_split_over_departments,
    case
      when targets.is_whole_department then -({{ month_key('coalesce(targets.department_key, 0)', 'targets.month') }})
      else {{ result_key('targets.employee_key', 'targets.month') }}
    end as result_key,
    case when targets.is_whole_department then targets.month end as department_month
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
)

select
  target_key,
  target_id,
  measure,
  level,
  department_key,
  employee_key,
  month,
  target_amount,
  is_whole_department,
  is_finest,
  is_split_over_departments,
  result_key,
  department_month
from final
