with lines as (
  {{ spread_order_lines() }}
),

orders as (
  select * from {{ ref('int_orders_resolved') }}
),

converted as (
  select
    lines.order_line_key,
    lines.order_key,
    lines.line_number,
    products.product_key,
    lines.product_ref is not null and products.product_key is null as is_product_missing,
    orders.owner_key,
    orders.customer_key,
    orders.customer_owner_key,
    orders.department_key,
    orders.kind,
    orders.status,
    orders.is_counted,
    orders.ordered_at,
    orders.ordered_on,
    orders.currency,
    lines.quantity,
    lines.amount_original,
    {{ money_times('lines.amount_original', 'orders.rate') }} as amount,
    {{ money_times('lines.tax_original', 'orders.rate') }} as tax_amount,
    {{ money_times('lines.cost_original', 'orders.rate') }} as cost_amount
  from lines
  inner join orders on lines.order_key = orders.order_key
  left join {{ ref('stg_crm__products') }} as products on lines.product_ref = products.product_ref
),

final as (
  select
    *,
    cast(amount - cost_amount as decimal(18, 2)) as margin_amount
  from converted
)

select
  order_line_key,
  order_key,
  line_number,
  product_key,
  is_product_missing,
  owner_key,
  customer_key,
  customer_owner_key,
  department_key,
  kind,
  status,
  is_counted,
  ordered_at,
  ordered_on,
  currency,
  quantity,
  amount_original,
  amount,
  tax_amount,
  cost_amount,
  margin_amount
from final
