with receipts as (
  select * from {{ ref('stg_crm__receipts') }}
),

employees as (
  select * from {{ ref('stg_crm__employees') }}
),

-- Looked up once per currency and day: few are in another currency, and matching each would sort them all.
rates as (
  select
    days.currency,
    days.received_on,
    rates.rate
  from (select distinct currency, received_on from receipts where currency <> '{{ var("currency") }}') as days
  asof inner join {{ ref('stg_crm__exchange_rates') }} as rates
    on days.currency = rates.currency and days.received_on >= rates.valid_on
),

converted as (
  select
    receipts.*,
    {{ document_rate('receipts', 'rates') }} as rate
  from receipts
  left join rates on receipts.currency = rates.currency and receipts.received_on = rates.received_on
),

final as (
  select
    converted.receipt_key,
    converted.receipt_id,
    converted.number,
    owners.employee_key as owner_key,
    customers.customer_key,
    customers.customer_id,
    customers.name as customer_name,
    customers.region,
    customer_owners.employee_key as customer_owner_key,
    departments.department_key,
    orders.order_key,
    converted.method,
    converted.status,
    converted.status = 'confirmed' as is_counted,
    converted.received_at,
    converted.received_on,
    converted.currency,
    converted.amount_original,
    {{ money_times('converted.amount_original', 'converted.rate') }} as amount
  from converted
  left join {{ ref('stg_crm__customers') }} as customers on converted.customer_id = customers.customer_id
  left join employees as customer_owners on customers.owner_id = customer_owners.employee_id
  left join employees as owners on converted.owner_id = owners.employee_id
  left join {{ ref('stg_crm__departments') }} as departments
    on coalesce(converted.department_id, owners.department_id) = departments.department_id
  left join {{ ref('stg_crm__orders') }} as orders on converted.order_id = orders.order_id
)

select
  receipt_key,
  receipt_id,
  number,
  owner_key,
  customer_key,
  customer_id,
  customer_name,
  region,
  customer_owner_key,
  department_key,
  order_key,
  method,
  status,
  is_counted,
  received_at,
  received_on,
  currency,
  amount_original,
  amount
from final
