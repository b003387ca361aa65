with lines as (
  select * from {{ ref('fct_order_lines') }}
  where is_counted and kind = 'sale' and customer_key is not null and ordered_on <= {{ company_date(as_of()) }}
),

days as (
  select
    customer_key,
    ordered_on,
    count(distinct order_key) as order_count,
    cast(coalesce(sum(amount), 0) as decimal(18, 2)) as amount,
    cast(coalesce(sum(amount) filter (where margin_amount is not null), 0) as decimal(18, 2)) as costed_amount,
    cast(sum(margin_amount) as decimal(18, 2)) as margin_amount
  from lines
  group by
    customer_key,
    ordered_on
),

spaced as (
  select
    *,
    lag(ordered_on) over (partition by customer_key order by ordered_on) as previous_on,
    lead(ordered_on) over (partition by customer_key order by ordered_on) as next_on,
    row_number() over (partition by customer_key order by ordered_on) as day_number
  from days
),

-- What was usual is known from the past only, so that a churn of two years ago does not move with the orders of today.
final as (
  select
    cast(spaced.customer_key as bigint) * 100000000 + year(spaced.ordered_on) * 10000
    + month(spaced.ordered_on) * 100 + day(spaced.ordered_on) as customer_order_day_key,
    spaced.*,
    {{ company_instant('spaced.ordered_on') }} as ordered_day_starts_at,
    date_diff('day', spaced.previous_on, spaced.ordered_on) as gap_days,
    median(date_diff('day', spaced.previous_on, spaced.ordered_on)) over (
      partition by spaced.customer_key order by spaced.ordered_on rows between unbounded preceding and current row
    ) as usual_gap_days
  from spaced
)

select
  customer_order_day_key,
  customer_key,
  ordered_on,
  ordered_day_starts_at,
  previous_on,
  next_on,
  day_number,
  gap_days,
  usual_gap_days,
  order_count,
  amount,
  costed_amount,
  margin_amount
from final
