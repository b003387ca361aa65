-- Who has how many customers now, by the sum of all movements and by the dimension.
with moved as (
  select
    owner_then_key as owner_key,
    sum(count_change) as customers
  from {{ ref('fct_ownership_movements') }}
  group by owner_then_key
),

present as (
  select
    owner_key,
    count(*) as customers
  from {{ ref('dim_customers') }}
  group by owner_key
)

select *
from moved
full join present on moved.owner_key is not distinct from present.owner_key
where coalesce(moved.customers, 0) <> coalesce(present.customers, 0)
