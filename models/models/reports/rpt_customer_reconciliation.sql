with lines as (
  select
    sum(amount) as amount,
    sum(amount) filter (where customer_key is not null) as known_amount
  from {{ ref('fct_order_lines') }}
  where is_counted and kind = 'sale' and ordered_on <= {{ company_date(as_of()) }}
),

receipts as (
  select sum(amount) as amount
  from {{ ref('fct_receipts') }}
  where is_counted and customer_key is not null and order_key is not null and received_on <= {{ company_date(as_of()) }}
),

last_year as (
  select sum(amount) as amount
  from {{ ref('fct_customer_trade_months') }}
  where
    customer_key is not null
    and month > date_trunc('month', {{ company_date(as_of()) }}) - interval 12 month
),

totals as (
  select
    'trade months = order lines' as identity,
    (select sum(amount) from {{ ref('fct_customer_trade_months') }}) as model_total,
    (select amount from lines) as source_total

  union all

  select
    'order days = order lines of known customers' as identity,
    (select sum(amount) from {{ ref('fct_customer_order_days') }}) as model_total,
    (select known_amount from lines) as source_total

  union all

  select
    'lifetime of all customers = order lines of known customers' as identity,
    (select sum(lifetime_amount) from {{ ref('fct_customer_rfm') }}) as model_total,
    (select known_amount from lines) as source_total

  union all

  select
    'tiers of this month = trade of twelve months' as identity,
    (
      select sum(revenue)
      from {{ ref('fct_customer_value_months') }}
      where month = date_trunc('month', {{ company_date(as_of()) }})
    ) as model_total,
    (select amount from last_year) as source_total

  union all

  select
    'payments = receipts that name their order' as identity,
    (select sum(received_amount) from {{ ref('fct_customer_payment_months') }}) as model_total,
    (select amount from receipts) as source_total

  union all

  select
    'churn losses by product line = churn losses' as identity,
    (select sum(lost_amount) from {{ ref('fct_customer_churn_losses') }}) as model_total,
    (select sum(lost_amount) from {{ ref('fct_customer_churn_events') }}) as source_total
),

final as (
  select
    identity,
    cast(coalesce(model_total, 0) as decimal(18, 2)) as model_total,
    cast(coalesce(source_total, 0) as decimal(18, 2)) as source_total,
    cast(coalesce(model_total, 0) - coalesce(source_total, 0) as decimal(18, 2)) as difference
  from totals
)

select
  identity,
  model_total,
  source_total,
  difference
from final
