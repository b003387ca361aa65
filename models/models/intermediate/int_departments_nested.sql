with recursive departments as (
  select * from {{ ref('stg_crm__departments') }}
),

-- Starts at the roots, so a cycle is never entered: its departments are simply not reached.
tree as (
  select
    root.department_id,
    0 as depth,
    [root.department_key] as path_keys,
    [root.name] as path_names
  from departments as root
  where root.parent_id is null or root.parent_id not in (select department_id from departments)

  union all

  select
    child.department_id,
    tree.depth + 1 as depth,
    list_append(tree.path_keys, child.department_key) as path_keys,
    list_append(tree.path_names, child.name) as path_names
  from departments as child
  inner join tree on child.parent_id = tree.department_id
),

final as (
  select
    departments.department_key,
    coalesce(tree.depth, 0) as depth,
    coalesce(tree.path_keys, [departments.department_key]) as path_keys,
    coalesce(tree.path_names, [departments.name]) as path_names,
    tree.department_id is null as is_in_cycle
  from departments
  left join tree on departments.department_id = tree.department_id
)

select
  department_key,
  depth,
  path_keys,
  path_names,
  is_in_cycle
from final
