with customers as (
  select * from {{ ref('int_customers_followed') }}
),

final as (
  select
    customers.customer_key,
    parents.customer_key as parent_key
  from customers
  inner join customers as parents on customers.parent_id = parents.customer_id
)

select
  customer_key,
  parent_key
from final
