with source as (
  select * from {{ source('crm', 'employees') }}
),

renamed as (
  select
    row_key as employee_key,
    id as employee_id,
    name,
    position,
    department_id,
    manager_id,
    is_salesperson,
    status,
    hired_on,
    left_on
  from source
  where deleted_at is null
)

select * from renamed
