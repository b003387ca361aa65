with orders as (
  select * from {{ ref('int_orders_resolved') }}
  where is_counted
),

receipts as (
  select
    1 * 1000000000000 + receipts.receipt_key as credit_key,
    'receipt' as kind,
    -- A payment in another currency than its order's can't be laid against it: it counts for the customer's documents in its own.
    case when orders.currency = receipts.currency then orders.order_key end as order_key,
    customers.customer_key,
    receipts.currency,
    receipts.received_on as credited_on,
    receipts.amount_original
  from {{ ref('stg_crm__receipts') }} as receipts
  left join {{ ref('stg_crm__customers') }} as customers on receipts.customer_id = customers.customer_id
  left join orders on receipts.order_id = orders.order_id and orders.kind = 'sale'
  where receipts.status = 'confirmed' and receipts.amount_original > 0
),

returned as (
  select
    lines.order_key,
    cast(sum(lines.amount_original + lines.tax_original) as decimal(18, 2)) as total_original
  from {{ ref('int_order_lines_spread') }} as lines
  inner join orders on lines.order_key = orders.order_key and orders.kind = 'return'
  group by lines.order_key
),

returns as (
  select
    2 * 1000000000000 + orders.order_key as credit_key,
    'return' as kind,
    cast(null as integer) as order_key,
    orders.customer_key,
    orders.currency,
    orders.ordered_on as credited_on,
    returned.total_original as amount_original
  from orders
  inner join returned on orders.order_key = returned.order_key
  where returned.total_original > 0
)

select * from receipts
union all
select * from returns
