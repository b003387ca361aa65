with employees as (
  select * from {{ ref('stg_crm__employees') }}
),

moves as (
  select
    employees.employee_key,
    employees.employee_id,
    department_events.from_value as from_department_id,
    department_events.to_value as to_department_id,
    department_events.effective_at,
    department_events.department_event_key,
    row_number() over employee as step,
    lead(department_events.effective_at) over employee as next_at
  from {{ ref('stg_crm__department_events') }} as department_events
  inner join employees on department_events.record_id = employees.employee_id
  where department_events.entity = 'employee'
  window employee as (
    partition by employees.employee_key
    order by department_events.effective_at, department_events.department_event_key
  )
),

-- Before the first known move: where it came from, if it says so.
spells as (
  select
    employee_key,
    employee_id,
    to_department_id as department_id,
    case when step = 1 and from_department_id is null then timestamptz '0001-01-01 00:00:00+00' else effective_at end as covers_from,
    coalesce(next_at, timestamptz '10000-01-01 00:00:00+00') as covers_to,
    step
  from moves

  union all

  select
    employee_key,
    employee_id,
    from_department_id,
    timestamptz '0001-01-01 00:00:00+00',
    effective_at,
    0
  from moves
  where step = 1 and from_department_id is not null

  union all

  select
    employees.employee_key,
    employees.employee_id,
    employees.department_id,
    timestamptz '0001-01-01 00:00:00+00',
    timestamptz '10000-01-01 00:00:00+00',
    0
  from employees
  where employees.employee_key not in (select employee_key from moves)
)

select
  employee_key || '-' || step as spell_key,
  employee_key,
  employee_id,
  department_id,
  covers_from,
  covers_to
from spells
where covers_from < covers_to
