{{ config(meta={'live': {'key': 'order_key', 'from': {
  'fct_orders': 'order_key',
  'int_order_lines_spread': 'order_key',
  'stg_crm__order_lines': {'order_id': 'fct_orders.order_id'}
}}}) }}
-- To the cent: an order's lines, with its discount and freight spread over them, add up to lines - discount + freight.
with stored as (
  select
    order_id,
    sum(amount_original) as lines_original
  from {{ ref('stg_crm__order_lines') }}
  group by order_id
),

spread as (
  select
    order_key,
    sum(discount_original) as discount_original,
    sum(freight_original) as freight_original,
    sum(amount_original) as amount_original
  from {{ ref('int_order_lines_spread') }}
  group by order_key
)

select
  orders.order_id,
  stored.lines_original,
  orders.discount_original,
  orders.freight_original,
  orders.amount_original
from {{ ref('fct_orders') }} as orders
inner join stored on orders.order_id = stored.order_id
inner join spread on orders.order_key = spread.order_key
where orders.amount_original is distinct from stored.lines_original - orders.discount_original + orders.freight_original
  or spread.discount_original is distinct from orders.discount_original
  or spread.freight_original is distinct from orders.freight_original
