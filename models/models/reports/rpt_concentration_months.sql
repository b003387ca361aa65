with months as (
  select * from {{ ref('fct_customer_trade_months') }}
  where customer_key is not null
),

-- A customer has a row for every month since the first order, so twelve rows are twelve months.
rolled as (
  select
    customer_key,
    month,
    month_starts_at,
    cast(
      sum(amount) over (partition by customer_key order by month rows between 11 preceding and current row) as decimal(18, 2)
    ) as amount_12m
  from months
),

buyers as (
  select * from rolled where amount_12m > 0
),

ranked as (
  select
    *,
    row_number() over (partition by month order by amount_12m desc, customer_key) as amount_rank,
    count(*) over (partition by month) as buyer_count,
    sum(amount_12m) over (partition by month) as total_12m,
    sum(amount_12m) over (
      partition by month order by amount_12m desc, customer_key rows between unbounded preceding and current row
    ) as cumulative_12m
  from buyers
),

final as (
  select
    {{ month_key('customer_key', 'month') }} as customer_month_key,
    customer_key,
    month,
    month_starts_at,
    amount_12m,
    amount_rank,
    buyer_count,
    cast(ceil(100.0 * amount_rank / buyer_count) as integer) as rank_percent,
    cast(cumulative_12m as decimal(18, 2)) as cumulative_12m,
    cast(total_12m as decimal(18, 2)) as total_12m
  from ranked
)

select
  customer_month_key,
  customer_key,
  month,
  month_starts_at,
  amount_12m,
  amount_rank,
  buyer_count,
  rank_percent,
  cumulative_12m,
  total_12m
from final
