with customers as (
  select * from {{ ref('stg_crm__customers') }}
)

select
  customer_key,
  customer_id,
  parent_id,
  owner_id,
  status,
  created_at
from customers
