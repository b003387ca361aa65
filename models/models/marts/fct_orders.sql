with orders as (
  select * from {{ ref('int_orders_resolved') }}
),

totals as (
  select
    order_key,
    count(*) as line_count,
    cast(sum(amount_original) as decimal(18, 2)) as amount_original,
    cast(sum(amount) as decimal(18, 2)) as amount,
    cast(sum(tax_amount) as decimal(18, 2)) as tax_amount
  from {{ ref('fct_order_lines') }}
  group by order_key
),

final as (
  select
    orders.*,
    coalesce(totals.line_count, 0) as line_count,
    totals.amount_original,
    totals.amount,
    totals.tax_amount
  from orders
  left join totals on orders.order_key = totals.order_key
)

select
  order_key,
  order_id,
  number,
  kind,
  status,
  is_counted,
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
  ordered_at,
  ordered_on,
  currency,
  line_count,
  discount_original,
  freight_original,
  amount_original,
  amount,
  tax_amount
from final
