-- Each by itself, to the cent: what lies on an order's lines is what its header says.
with spread as (
  select
    order_key,
    sum(discount_original) as discount_original,
    sum(freight_original) as freight_original
  from {{ ref('int_order_lines_spread') }}
  group by order_key
)

select
  orders.order_id,
  orders.discount_original,
  spread.discount_original as discount_spread,
  orders.freight_original,
  spread.freight_original as freight_spread
from {{ ref('int_orders_resolved') }} as orders
inner join spread on orders.order_key = spread.order_key
where orders.discount_original <> spread.discount_original or orders.freight_original <> spread.freight_original
