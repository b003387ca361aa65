with purchases as (
  select
    customer_key,
    ordered_on,
    amount
  from {{ ref('fct_orders') }}
  where is_counted and kind = 'sale' and customer_key is not null and amount is not null and ordered_at <= {{ as_of() }}
),

histories as (
  {{ purchase_history('purchases', 'customer_key', 'ordered_on', 'amount', company_date(as_of())) }}
),

final as (
  select
    histories.*,
    customers.owner_key
  from histories
  inner join {{ ref('dim_customers') }} as customers on histories.customer_key = customers.customer_key
)

select
  customer_key,
  owner_key,
  first_purchase_on,
  last_purchase_on,
  repeat_count,
  recency_weeks,
  age_weeks,
  mean_repeat_value
from final
