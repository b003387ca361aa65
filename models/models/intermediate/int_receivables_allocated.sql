with due as (
  select
    due.*,
    orders.customer_key,
    orders.currency
  from {{ ref('int_receivables_due') }} as due
  inner join {{ ref('int_orders_resolved') }} as orders on due.order_key = orders.order_key
),

credits as (
  select * from {{ ref('int_receivable_credits') }}
),

-- First each order's own payments, the oldest against what falls due first: both laid end to end, and cut where either ends.
due_in_order as (
  select
    receivable_key,
    order_key,
    amount_original,
    sum(amount_original) over (partition by order_key order by due_on, sequence rows unbounded preceding) as reaches
  from due
),

credits_in_order as (
  select
    credit_key,
    order_key,
    credited_on,
    amount_original,
    sum(amount_original) over (partition by order_key order by credited_on, credit_key rows unbounded preceding) as reaches
  from credits
  where order_key is not null
),

by_order as (
  select
    due_in_order.receivable_key,
    credits_in_order.credit_key,
    credits_in_order.credited_on,
    greatest(due_in_order.reaches - due_in_order.amount_original, credits_in_order.reaches - credits_in_order.amount_original)
    - (due_in_order.reaches - due_in_order.amount_original) as starts,
    least(due_in_order.reaches, credits_in_order.reaches) - (due_in_order.reaches - due_in_order.amount_original) as ends
  from due_in_order
  inner join credits_in_order
    on due_in_order.order_key = credits_in_order.order_key
    and due_in_order.reaches - due_in_order.amount_original < credits_in_order.reaches
    and credits_in_order.reaches - credits_in_order.amount_original < due_in_order.reaches
),

paid_due as (
  select
    receivable_key,
    max(ends) as paid
  from by_order
  group by receivable_key
),

used_credits as (
  select
    credit_key,
    sum(ends - starts) as used
  from by_order
  group by credit_key
),

-- Then what is left over of payments, payments that name no order, and returns, against the customer's oldest open portions.
due_of_customer as (
  select
    due.receivable_key,
    due.customer_key,
    due.currency,
    coalesce(paid_due.paid, 0) as paid,
    due.amount_original - coalesce(paid_due.paid, 0) as amount_left,
    sum(due.amount_original - coalesce(paid_due.paid, 0)) over (
      partition by due.customer_key, due.currency order by due.due_on, due.order_key, due.sequence rows unbounded preceding
    ) as reaches
  from due
  left join paid_due on due.receivable_key = paid_due.receivable_key
  where due.customer_key is not null and due.amount_original > coalesce(paid_due.paid, 0)
),

credits_of_customer as (
  select
    credits.credit_key,
    credits.customer_key,
    credits.currency,
    credits.credited_on,
    credits.amount_original - coalesce(used_credits.used, 0) as amount_left,
    sum(credits.amount_original - coalesce(used_credits.used, 0)) over (
      partition by credits.customer_key, credits.currency order by credits.credited_on, credits.credit_key rows unbounded preceding
    ) as reaches
  from credits
  left join used_credits on credits.credit_key = used_credits.credit_key
  where credits.customer_key is not null and credits.amount_original > coalesce(used_credits.used, 0)
),

by_customer as (
  select
    due_of_customer.receivable_key,
    credits_of_customer.credit_key,
    credits_of_customer.credited_on,
    due_of_customer.paid
    + greatest(due_of_customer.reaches - due_of_customer.amount_left, credits_of_customer.reaches - credits_of_customer.amount_left)
    - (due_of_customer.reaches - due_of_customer.amount_left) as starts,
    due_of_customer.paid
    + least(due_of_customer.reaches, credits_of_customer.reaches)
    - (due_of_customer.reaches - due_of_customer.amount_left) as ends
  from due_of_customer
  inner join credits_of_customer
    on due_of_customer.customer_key = credits_of_customer.customer_key
    and due_of_customer.currency = credits_of_customer.currency
    and due_of_customer.reaches - due_of_customer.amount_left < credits_of_customer.reaches
    and credits_of_customer.reaches - credits_of_customer.amount_left < due_of_customer.reaches
),

pieces as (
  select * from by_order
  union all
  select * from by_customer
),

sized as (
  select
    pieces.receivable_key,
    pieces.credit_key,
    pieces.credited_on,
    due.amount_original as whole_original,
    due.amount as whole,
    cast(pieces.starts as decimal(18, 2)) as starts,
    cast(pieces.ends as decimal(18, 2)) as ends
  from pieces
  inner join due on pieces.receivable_key = due.receivable_key
),

-- Converted by what is reached, not piece by piece: a portion paid in full is paid to the cent.
final as (
  select
    cast(receivable_key as hugeint) * 10000000000000 + credit_key as allocation_key,
    receivable_key,
    credit_key,
    credited_on,
    cast(ends - starts as decimal(18, 2)) as amount_original,
    cast(
      case
        when whole = whole_original then ends - starts
        else {{ money_share('whole', 'ends', 'whole_original') }} - {{ money_share('whole', 'starts', 'whole_original') }}
      end as decimal(18, 2)
    ) as amount
  from sized
)

select
  allocation_key,
  receivable_key,
  credit_key,
  credited_on,
  amount_original,
  amount
from final
