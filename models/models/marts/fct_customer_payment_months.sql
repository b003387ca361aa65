with receipts as (
  select * from {{ ref('fct_receipts') }}
  where is_counted and customer_key is not null and order_key is not null and received_on <= {{ company_date(as_of()) }}
),

-- A receipt before its order is a prepayment: 0 days.
final as (
  select
    {{ month_key('receipts.customer_key', "date_trunc('month', receipts.received_on)") }} as customer_month_key,
    receipts.customer_key,
    cast(date_trunc('month', receipts.received_on) as date) as month,
    cast(sum(receipts.amount) as decimal(18, 2)) as received_amount,
    sum(receipts.amount * greatest(0, date_diff('day', orders.ordered_on, receipts.received_on))) as amount_days
  from receipts
  inner join {{ ref('fct_orders') }} as orders on receipts.order_key = orders.order_key
  group by
    receipts.customer_key,
    date_trunc('month', receipts.received_on)
)

select
  customer_month_key,
  customer_key,
  month,
  received_amount,
  cast(amount_days as decimal(38, 2)) as amount_days
from final
