-- What each target is measured by: the whole department, the employee, or the employee in one of several departments. Exactly one of the three is named.
with targets as (
  select
    *,
    case when is_whole_department then department_key end as of_department_key,
    case when not is_whole_department and not is_split_over_departments then employee_key end as of_employee_key,
    case when not is_whole_department and is_split_over_departments then employee_key end as of_employee_there_key
  from {{ ref('fct_targets') }}
),

results as (
  select
    owner_key,
    department_key,
    month,
    order_amount,
    receipt_amount,
    won_amount,
    cast(new_customers as decimal(18, 2)) as new_customers
  from {{ ref('fct_employee_months') }}
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
    sum(results.order_amount) as order_amount,
    sum(results.receipt_amount) as receipt_amount,
    sum(results.won_amount) as won_amount,
    sum(results.new_customers) as new_customers
  from results
  inner join ancestors on results.department_key = ancestors.department_key
  group by ancestors.ancestor_key, results.month
),

of_employees as (
  select
    owner_key,
    month,
    sum(order_amount) as order_amount,
    sum(receipt_amount) as receipt_amount,
    sum(won_amount) as won_amount,
    sum(new_customers) as new_customers
  from results
  where owner_key is not null
  group by owner_key, month
),

final as (
  select
    targets.*,
    {{ company_instant('targets.month') }} as month_starts_at,
    case when targets.is_whole_department then 'department' else 'employee' end as target_for,
    cast(
      case targets.measure
        {%- for measure in ['order_amount', 'receipt_amount', 'won_amount', 'new_customers'] %}
        when '{{ measure }}' then coalesce(of_departments.{{ measure }}, of_employees.{{ measure }}, there.{{ measure }}, 0)
        {%- endfor %}
        else 0
      end as decimal(18, 2)
    ) as actual_amount
  from targets
  left join of_departments on targets.of_department_key = of_departments.department_key and targets.month = of_departments.month
  left join of_employees on targets.of_employee_key = of_employees.owner_key and targets.month = of_employees.month
  left join results as there
    on targets.of_employee_there_key = there.owner_key
    and targets.department_key = there.department_key
    and targets.month = there.month
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
  actual_amount,
  result_key
from final
