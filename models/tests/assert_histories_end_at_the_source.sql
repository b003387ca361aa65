-- The present spell of every customer and employee says what the dimension says.
select
  'customer' as entity,
  customers.customer_key as record_key
from {{ ref('dim_customers') }} as customers
left join {{ ref('dim_customer_history') }} as history on customers.customer_key = history.customer_key and history.to_at is null
where
  history.customer_key is null
  or history.owner_then_key is distinct from customers.owner_key
  or history.status is distinct from customers.status

union all

select
  'employee' as entity,
  employees.employee_key as record_key
from {{ ref('dim_employees') }} as employees
left join {{ ref('dim_employee_history') }} as history
  on employees.employee_key = history.employee_key
  and history.covers_to = timestamptz '10000-01-01 00:00:00+00'
where
  history.employee_key is null
  or history.department_then_key is distinct from employees.department_key
  or history.status is distinct from employees.status
