with orders as (
  select * from {{ ref('stg_crm__orders') }}
),

employees as (
  select * from {{ ref('stg_crm__employees') }}
),

-- Looked up once per currency and day: few are in another currency, and matching each would sort them all.
rates as (
  select
    days.currency,
    days.ordered_on,
    rates.rate
  from (select distinct currency, ordered_on from orders where currency <> '{{ var("currency") }}') as days
  asof inner join {{ ref('stg_crm__exchange_rates') }} as rates
    on days.currency = rates.currency and days.ordered_on >= rates.valid_on
),

final as (
  select
    orders.order_key,
    orders.order_id,
    owners.employee_key as owner_key,
    customers.customer_key,
    customers.customer_id,
    customers.name as customer_name,
    customers.region,
    customers.city,
    customers.industry,
    customer_owners.employee_key as customer_owner_key,
    departments.department_key,
    opportunities.opportunity_key,
    orders.number,
    orders.kind,
    orders.status,
    orders.status = 'approved' as is_counted,
    orders.ordered_at,
    orders.ordered_on,
    orders.currency,
    {{ document_rate('orders', 'rates') }} as rate,
    coalesce(orders.discount_original, 0) as discount_original,
    coalesce(orders.freight_original, 0) as freight_original,
    orders.created_at
  from orders
  left join rates on orders.currency = rates.currency and orders.ordered_on = rates.ordered_on
  left join {{ ref('stg_crm__customers') }} as customers on orders.customer_id = customers.customer_id
  left join employees as customer_owners on customers.owner_id = customer_owners.employee_id
  left join employees as owners on orders.owner_id = owners.employee_id
  left join {{ ref('stg_crm__departments') }} as departments
    on coalesce(orders.department_id, owners.department_id) = departments.department_id
  left join {{ ref('int_opportunities_followed') }} as opportunities on orders.opportunity_id = opportunities.opportunity_id
)

select
  order_key,
  order_id,
  owner_key,
  customer_key,
  customer_id,
  customer_name,
  region,
  city,
  industry,
  customer_owner_key,
  department_key,
  opportunity_key,
  number,
  kind,
  status,
  is_counted,
  ordered_at,
  ordered_on,
  currency,
  rate,
  discount_original,
  freight_original,
  created_at
from final
