with targets as (
  select * from {{ ref('stg_crm__targets') }}
),

final as (
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
  from targets
  left join {{ ref('stg_crm__departments') }} as departments on targets.department_id = departments.department_id
  left join {{ ref('stg_crm__employees') }} as employees on targets.employee_id = employees.employee_id
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
  is_whole_department
from final
