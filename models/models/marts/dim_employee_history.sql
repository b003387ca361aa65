with employees as (
  select * from {{ ref('stg_crm__employees') }}
),

changes as (
  select
    employee_key,
    covers_from as effective_at,
    1 as attribute_order,
    cast(0 as bigint) as event_key,
    'department' as attribute,
    cast(null as varchar) as from_value,
    cast(department_id as varchar) as to_value
  from {{ ref('int_employee_departments') }}

  union all

  select
    employees.employee_key,
    status_events.effective_at,
    2,
    status_events.status_event_key,
    'status',
    status_events.from_value,
    status_events.to_value
  from {{ ref('stg_crm__status_events') }} as status_events
  inner join employees on status_events.record_id = employees.employee_id
  where status_events.entity = 'employee' and status_events.from_value is not null
),

beginnings as (
  select
    employee_key,
    arg_min(coalesce(from_value, to_value), (effective_at, event_key)) filter (where attribute = 'status') as status
  from changes
  group by employee_key
),

carried as (
  select
    employee_key,
    effective_at,
    row_number() over steps as step,
    lead(effective_at) over steps as next_at,
    last_value(case when attribute = 'department' then coalesce(to_value, '') end ignore nulls) over so_far as department,
    last_value(case when attribute = 'status' then to_value end ignore nulls) over so_far as status
  from changes
  window
    steps as (partition by employee_key order by effective_at, attribute_order, event_key),
    so_far as (
      partition by employee_key
      order by effective_at, attribute_order, event_key
      rows between unbounded preceding and current row
    )
),

-- The last spell is the record as it stands, whatever the events leave out.
final as (
  select
    carried.employee_key,
    carried.step,
    carried.effective_at,
    carried.next_at,
    case when carried.next_at is null then cast(employees.department_id as varchar) else nullif(carried.department, '') end as department_id,
    case
      when carried.next_at is null then employees.status
      else coalesce(carried.status, beginnings.status, employees.status)
    end as status,
    carried.next_at is null
    and (
      nullif(carried.department, '') is distinct from cast(employees.department_id as varchar)
      or coalesce(carried.status, beginnings.status, employees.status) is distinct from employees.status
    ) as is_estimated
  from carried
  inner join employees on carried.employee_key = employees.employee_key
  inner join beginnings on carried.employee_key = beginnings.employee_key
  where carried.next_at is null or carried.next_at > carried.effective_at
)

select
  final.employee_key || '-' || final.step as employee_spell_key,
  final.employee_key,
  departments.department_key as department_then_key,
  final.status,
  final.effective_at as covers_from,
  coalesce(final.next_at, timestamptz '10000-01-01 00:00:00+00') as covers_to,
  final.is_estimated
from final
left join {{ ref('stg_crm__departments') }} as departments on final.department_id = cast(departments.department_id as varchar)
