with employees as (
  select * from {{ ref('stg_crm__employees') }}
),

final as (
  select
    employees.employee_key,
    employees.employee_id,
    employees.name,
    employees.position,
    departments.department_key,
    managers.employee_key as manager_key,
    managers.employee_id as manager_id,
    managers.name as manager_name,
    employees.is_salesperson,
    employees.status,
    employees.hired_on,
    employees.left_on
  from employees
  left join {{ ref('stg_crm__departments') }} as departments on employees.department_id = departments.department_id
  left join employees as managers on employees.manager_id = managers.employee_id
)

select
  employee_key,
  employee_id,
  name,
  position,
  department_key,
  manager_key,
  manager_id,
  manager_name,
  is_salesperson,
  status,
  hired_on,
  left_on
from final
