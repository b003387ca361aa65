with orders as (
  select
    customer_key,
    min(ordered_on) as first_order_on,
    max(ordered_on) as last_order_on,
    count(*) as order_count,
    cast(coalesce(sum(amount), 0) as decimal(18, 2)) as order_amount,
    cast(sum(amount) filter (where ordered_on > {{ company_date(as_of()) }} - {{ active_days() }}) as decimal(18, 2)) as recent_amount
  from {{ ref('fct_orders') }}
  where is_counted and kind = 'sale' and ordered_on <= {{ company_date(as_of()) }} and customer_key is not null
  group by customer_key
),

-- Share of the customers who bought in the last year, from the largest down.
ranked as (
  select
    customer_key,
    row_number() over (order by recent_amount desc, customer_key) / count(*) over () as rank_share
  from orders
  where recent_amount > 0
),

final as (
  select
    orders.customer_key,
    case
      when ranked.rank_share <= 0.01 then 'top_1'
      when ranked.rank_share <= 0.05 then 'top_5'
      when ranked.rank_share <= 0.2 then 'top_20'
      when ranked.rank_share is not null then 'rest'
    end as tier,
    orders.first_order_on,
    orders.last_order_on,
    orders.order_count,
    orders.order_amount
  from orders
  left join ranked on orders.customer_key = ranked.customer_key
)

select
  customer_key,
  tier,
  first_order_on,
  last_order_on,
  order_count,
  order_amount
from final
