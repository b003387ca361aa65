with spells as (
  select * from {{ ref('dim_customer_history') }}
),

ledger as (
  select
    customer_key,
    from_at as moved_at,
    'in' as side,
    1 as count_change,
    owner_then_key,
    department_then_key,
    status as status_then,
    row_number() over (partition by customer_key order by covers_from) as spell
  from spells

  union all

  select
    customer_key,
    to_at,
    'out',
    -1,
    owner_then_key,
    department_then_key,
    status,
    row_number() over (partition by customer_key order by covers_from)
  from spells
  qualify to_at is not null
)

select
  (cast(ledger.customer_key as bigint) * 100000 + ledger.spell) * 2 + case when ledger.side = 'in' then 0 else 1 end as ownership_movement_key,
  ledger.customer_key,
  ledger.moved_at,
  ledger.side,
  ledger.count_change,
  ledger.owner_then_key,
  ledger.department_then_key,
  ledger.status_then,
  customers.owner_key,
  customers.department_key
from ledger
inner join {{ ref('dim_customers') }} as customers on ledger.customer_key = customers.customer_key
