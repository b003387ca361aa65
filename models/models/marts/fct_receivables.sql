with due as (
  select * from {{ ref('int_receivables_due') }}
),

orders as (
  select * from {{ ref('int_orders_resolved') }}
),

-- What was paid before the order was made counts from the order on.
paid as (
  select
    allocated.receivable_key,
    sum(allocated.amount) as received_amount,
    sum(allocated.amount) filter (where allocated.credited_on <= due.due_on) as on_time_amount,
    max(greatest(allocated.credited_on, orders.ordered_on)) as last_credited_on
  from {{ ref('int_receivables_allocated') }} as allocated
  inner join due on allocated.receivable_key = due.receivable_key
  inner join orders on due.order_key = orders.order_key
  group by allocated.receivable_key
),

states as (
  select
    due.*,
    orders.order_id,
    orders.number,
    orders.owner_key,
    orders.customer_key,
    orders.customer_id,
    orders.customer_name,
    orders.region,
    orders.industry,
    orders.customer_owner_key,
    orders.department_key,
    orders.currency,
    orders.ordered_on,
    coalesce(paid.received_amount, 0) as received_amount,
    coalesce(paid.on_time_amount, 0) as on_time_amount,
    case when coalesce(paid.received_amount, 0) = due.amount then paid.last_credited_on end as settled_on,
    case
      when coalesce(paid.received_amount, 0) < due.amount then {{ company_date(as_of()) }} - due.due_on
    end as open_days_past_due
  from due
  inner join orders on due.order_key = orders.order_key
  left join paid on due.receivable_key = paid.receivable_key
),

final as (
  select
    *,
    {{ company_instant('due_on') }} as due_at,
    amount - received_amount as open_amount,
    case when open_days_past_due > 0 then amount - received_amount else 0 end as overdue_amount,
    case when open_days_past_due > 0 then open_days_past_due end as overdue_days,
    case when open_days_past_due is not null then {{ ageing_bucket('open_days_past_due') }} end as bucket,
    due_on <= {{ company_date(as_of()) }} as is_due
  from states
)

select
  receivable_key,
  order_key,
  order_id,
  number,
  sequence,
  kind,
  is_planned,
  owner_key,
  customer_key,
  customer_id,
  customer_name,
  region,
  industry,
  customer_owner_key,
  department_key,
  currency,
  ordered_on,
  due_on,
  due_at,
  settled_on,
  amount_original,
  amount,
  cast(received_amount as decimal(18, 2)) as received_amount,
  cast(on_time_amount as decimal(18, 2)) as on_time_amount,
  cast(open_amount as decimal(18, 2)) as open_amount,
  cast(overdue_amount as decimal(18, 2)) as overdue_amount,
  overdue_days,
  bucket,
  is_due
from final
