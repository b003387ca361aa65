with final as (
  select
    customers.customer_key,
    customers.customer_id,
    customers.name,
    customers.kind,
    customers.industry,
    customers.ownership,
    customers.level,
    orders.tier,
    customers.source,
    customers.status,
    customers.country,
    customers.region,
    customers.city,
    owners.employee_key as owner_key,
    departments.department_key,
    parents.parent_key,
    customers.created_at,
    customers.created_on,
    orders.first_order_on,
    orders.last_order_on,
    coalesce(orders.order_count, 0) as order_count,
    cast(coalesce(orders.order_amount, 0) as decimal(18, 2)) as order_amount,
    coalesce(orders.last_order_on > {{ company_date(as_of()) }} - {{ active_days() }}, false) as is_active
  from {{ ref('stg_crm__customers') }} as customers
  left join {{ ref('stg_crm__employees') }} as owners on customers.owner_id = owners.employee_id
  left join {{ ref('stg_crm__departments') }} as departments on owners.department_id = departments.department_id
  left join {{ ref('int_customers_parented') }} as parents on customers.customer_key = parents.customer_key
  left join {{ ref('fct_customer_tiers') }} as orders on customers.customer_key = orders.customer_key
)

select
  customer_key,
  customer_id,
  name,
  kind,
  industry,
  ownership,
  level,
  tier,
  source,
  status,
  country,
  region,
  city,
  owner_key,
  department_key,
  parent_key,
  created_at,
  created_on,
  first_order_on,
  last_order_on,
  order_count,
  order_amount,
  is_active
from final
