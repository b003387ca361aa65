-- Who sold nothing is on the leaderboard with 0, for every month worked up to the cut.
select employees.employee_key
from {{ ref('dim_employees') }} as employees
left join {{ ref('rpt_employee_month') }} as months
  on employees.employee_key = months.employee_key
  and months.month = cast(date_trunc('month', {{ company_date(as_of()) }}) as date)
where employees.is_salesperson
  and employees.status = 'active'
  and coalesce(employees.hired_on, {{ company_date(as_of()) }}) <= {{ company_date(as_of()) }}
  and (employees.left_on is null or employees.left_on >= {{ company_date(as_of()) }})
  and months.employee_key is null
