with customers as (
  select
    *,
    cast(null as timestamptz) as closed_at
  from {{ ref('int_customers_followed') }}
),

owners as (
  select
    customers.customer_key,
    owner_events.owner_event_key as event_key,
    cast(owner_events.from_value as varchar) as from_value,
    cast(owner_events.to_value as varchar) as to_value,
    owner_events.effective_at
  from {{ ref('stg_crm__owner_events') }} as owner_events
  inner join customers on owner_events.record_id = customers.customer_id
  where owner_events.entity = 'customer'
),

statuses as (
  select
    customers.customer_key,
    status_events.status_event_key as event_key,
    status_events.from_value,
    status_events.to_value,
    status_events.effective_at
  from {{ ref('stg_crm__status_events') }} as status_events
  inner join customers on status_events.record_id = customers.customer_id
  where status_events.entity = 'customer'
),

departments_of_owners as (
  {{ owner_departments('owners', 'customers', 'customer_key') }}
),

-- The customer's own beginning, so that one without events has a history too.
created as (
  select
    customer_key,
    cast(0 as bigint) as event_key,
    cast(null as varchar) as from_value,
    cast(null as varchar) as to_value,
    created_at as effective_at
  from customers
),

changes as (
  select *, 'created' as attribute, 0 as attribute_order from created
  union all
  select *, 'owner' as attribute, 1 as attribute_order from owners
  union all
  select *, 'department' as attribute, 2 as attribute_order from departments_of_owners
  union all
  select *, 'status' as attribute, 3 as attribute_order from statuses
),

beginnings as (
  select
    customer_key,
    arg_min_null(from_value, (effective_at, event_key)) filter (where attribute = 'owner') as owner,
    bool_or(attribute = 'owner') as has_owner,
    arg_min(coalesce(from_value, to_value), (effective_at, event_key)) filter (where attribute = 'status') as status
  from changes
  group by customer_key
),

carried as (
  select
    customer_key,
    effective_at,
    row_number() over steps as step,
    lead(effective_at) over steps as next_at,
    last_value(case when attribute = 'owner' then coalesce(to_value, '') end ignore nulls) over so_far as owner,
    last_value(case when attribute = 'department' then coalesce(to_value, '') end ignore nulls) over so_far as department,
    last_value(case when attribute = 'status' then to_value end ignore nulls) over so_far as status
  from changes
  window
    steps as (partition by customer_key order by effective_at, attribute_order, event_key),
    so_far as (
      partition by customer_key
      order by effective_at, attribute_order, event_key
      rows between unbounded preceding and current row
    )
),

resolved as (
  select
    carried.customer_key,
    carried.step,
    carried.effective_at,
    carried.next_at,
    case
      when carried.owner is not null then nullif(carried.owner, '')
      when beginnings.has_owner then beginnings.owner
      else cast(customers.owner_id as varchar)
    end as owner_told,
    cast(customers.owner_id as varchar) as owner_now,
    coalesce(carried.status, beginnings.status, customers.status) as status_told,
    customers.status as status_now,
    nullif(carried.department, '') as department_id
  from carried
  inner join customers on carried.customer_key = customers.customer_key
  inner join beginnings on carried.customer_key = beginnings.customer_key
  where carried.next_at is null or (carried.next_at > carried.effective_at and carried.next_at > customers.created_at)
),

-- The last spell is the record as it stands, whatever the events leave out.
final as (
  select
    resolved.*,
    case when next_at is null then owner_now else owner_told end as owner_id,
    case when next_at is null then status_now else status_told end as status,
    next_at is null and (owner_told, status_told) is distinct from (owner_now, status_now) as is_estimated,
    row_number() over (partition by customer_key order by step) = 1 as is_first
  from resolved
)

select
  final.customer_key || '-' || final.step as customer_spell_key,
  final.customer_key,
  owners_then.employee_key as owner_then_key,
  departments.department_key as department_then_key,
  final.status,
  greatest(final.effective_at, customers.created_at) as from_at,
  final.next_at as to_at,
  case when final.is_first then timestamptz '0001-01-01 00:00:00+00' else final.effective_at end as covers_from,
  coalesce(final.next_at, timestamptz '10000-01-01 00:00:00+00') as covers_to,
  final.is_estimated
from final
inner join customers on final.customer_key = customers.customer_key
left join {{ ref('stg_crm__employees') }} as owners_then on final.owner_id = cast(owners_then.employee_id as varchar)
left join {{ ref('stg_crm__departments') }} as departments on final.department_id = cast(departments.department_id as varchar)
