-- What falls due is what was sold, order by order, to the cent; and what is open and what was received of it add up to it.
with due as (
  select
    order_key,
    sum(amount) as amount,
    sum(open_amount + received_amount) as accounted
  from {{ ref('fct_receivables') }}
  group by order_key
),

sold as (
  select
    order_key,
    amount + tax_amount as amount
  from {{ ref('fct_orders') }}
  where is_counted and kind = 'sale' and amount_original > 0
)

select
  sold.order_key,
  sold.amount,
  due.amount as due_amount,
  due.accounted
from sold
full join due on sold.order_key = due.order_key
where sold.amount is distinct from due.amount or due.amount is distinct from due.accounted
