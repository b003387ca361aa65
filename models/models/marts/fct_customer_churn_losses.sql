with churned as (
  select * from {{ ref('fct_customer_activity_spells') }}
  where churned_on is not null
),

lines as (
  select
    order_lines.customer_key,
    order_lines.ordered_on,
    products.category_level_1 as category,
    sum(order_lines.amount) as amount
  from {{ ref('fct_order_lines') }} as order_lines
  left join {{ ref('dim_products') }} as products on order_lines.product_key = products.product_key
  where order_lines.is_counted and order_lines.kind = 'sale' and order_lines.ordered_on <= {{ company_date(as_of()) }}
  group by
    order_lines.customer_key,
    order_lines.ordered_on,
    products.category_level_1
),

last_orders as (
  select
    churned.spell_key,
    max(lines.ordered_on) as last_order_on
  from churned
  inner join lines on churned.customer_key = lines.customer_key and lines.ordered_on <= churned.churned_on
  group by churned.spell_key
),

final as (
  select
    churned.spell_key || '-' || coalesce(lines.category, 'unknown') as churn_loss_key,
    churned.spell_key,
    churned.customer_key,
    churned.method,
    churned.is_chosen,
    churned.churned_on,
    {{ company_instant('churned.churned_on') }} as churned_day_starts_at,
    lines.category,
    sum(lines.amount) as lost_amount
  from churned
  inner join last_orders on churned.spell_key = last_orders.spell_key
  inner join lines
    on
      churned.customer_key = lines.customer_key
      and lines.ordered_on <= last_orders.last_order_on
      and lines.ordered_on > last_orders.last_order_on - 365
  group by all
)

select
  churn_loss_key,
  spell_key,
  customer_key,
  method,
  is_chosen,
  churned_on,
  churned_day_starts_at,
  category,
  cast(lost_amount as decimal(18, 2)) as lost_amount
from final
