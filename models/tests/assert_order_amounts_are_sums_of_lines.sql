{{ config(meta={'live': {'key': 'order_key', 'from': {
  'fct_orders': 'order_key',
  'stg_crm__order_lines': {'order_id': 'fct_orders.order_id'}
}}}) }}
-- To the cent: an order's lines, with its discount and freight spread over them, add up to lines - discount + freight.
with stored as (
  select
    order_id,
    sum(amount_original) as lines_original
  from {{ ref('stg_crm__order_lines') }}
  group by order_id
)

select
  orders.order_id,
  stored.lines_original,
  orders.discount_original,
  orders.freight_original,
  orders.amount_original
from {{ ref('fct_orders') }} as orders
inner join stored on orders.order_id = stored.order_id
where orders.amount_original is distinct from stored.lines_original - orders.discount_original + orders.freight_original
