-- Spells of a customer or employee follow each other from the year 1 to the end of the year 9999, half-open: every instant lies in exactly one.
with spells as (
  select 'customer' as entity, customer_key as record_key, covers_from, covers_to from {{ ref('dim_customer_history') }}
  union all
  select 'employee' as entity, employee_key as record_key, covers_from, covers_to from {{ ref('dim_employee_history') }}
),

followed as (
  select
    *,
    lag(covers_to, 1, timestamptz '0001-01-01 00:00:00+00') over record as expected_from,
    lead(covers_from, 1, timestamptz '10000-01-01 00:00:00+00') over record as expected_to
  from spells
  window record as (partition by entity, record_key order by covers_from)
)

select *
from followed
where covers_from <> expected_from or covers_to <> expected_to or covers_from >= covers_to
