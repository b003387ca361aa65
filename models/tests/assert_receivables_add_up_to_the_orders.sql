-- What falls due is what was sold, order by order with tax, to the cent; and what is open and what was received of it add up to it.
-- Nothing falls due only where nothing is owed in the order's own currency: tax alone is owed, as when all of an order but its tax was given away.
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
  where is_counted and kind = 'sale' and line_count > 0
),

without_due as (
  select order_key
  from sold
  anti join due on sold.order_key = due.order_key
)

select
  due.order_key,
  sold.amount,
  due.amount as due_amount,
  due.accounted
from due
left join sold on due.order_key = sold.order_key
where sold.order_key is null or sold.amount is distinct from due.amount or due.amount is distinct from due.accounted

union all

select
  lines.order_key,
  sum(lines.amount_original + lines.tax_original) as amount,
  null as due_amount,
  null as accounted
from {{ ref('int_order_lines_spread') }} as lines
semi join without_due on lines.order_key = without_due.order_key
group by lines.order_key
having sum(lines.amount_original + lines.tax_original) > 0
