with departments as (
  select * from {{ ref('stg_crm__departments') }}
),

nested as (
  select * from {{ ref('int_departments_nested') }}
),

final as (
  select
    departments.department_key,
    departments.department_id,
    departments.name,
    departments.code,
    departments.position,
    parents.department_key as parent_key,
    nested.depth,
    nested.path_keys,
    array_to_string(nested.path_names, ' / ') as path,
    nested.is_in_cycle
  from departments
  inner join nested on departments.department_key = nested.department_key
  left join departments as parents on departments.parent_id = parents.department_id
)

select
  department_key,
  department_id,
  name,
  code,
  position,
  parent_key,
  depth,
  path_keys,
  path,
  is_in_cycle
from final
