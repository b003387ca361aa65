with lines as (
  select * from {{ ref('fct_order_lines') }}
  where is_counted and kind = 'sale' and ordered_on <= {{ company_date(as_of()) }}
),

traded as (
  select
    customer_key,
    cast(date_trunc('month', ordered_on) as date) as month,
    count(distinct order_key) as order_count,
    sum(amount) as amount,
    sum(amount) filter (where margin_amount is not null) as costed_amount,
    sum(margin_amount) as margin_amount
  from lines
  group by
    customer_key,
    month
),

buyers as (
  select
    customer_key,
    min(month) as first_month
  from traded
  where customer_key is not null
  group by customer_key
),

-- Every month from the first order to the cut, bought or not: who stayed away counts in the denominator of retention.
months as (
  select
    customer_key,
    first_month,
    cast(unnest(generate_series(
      greatest(first_month, {{ first_month() }}), date_trunc('month', {{ company_date(as_of()) }}), interval 1 month
    )) as date) as month
  from buyers

  union all

  select
    traded.customer_key,
    buyers.first_month,
    traded.month
  from traded
  inner join buyers on traded.customer_key = buyers.customer_key
  where traded.month < {{ first_month() }}

  union all

  -- Orders whose customer is unknown belong to no cohort, but to every total.
  select
    customer_key,
    null as first_month,
    month
  from traded
  where customer_key is null
),

final as (
  select
    {{ month_key('coalesce(months.customer_key, 0)', 'months.month') }} as customer_month_key,
    months.customer_key,
    months.month,
    {{ company_instant('months.month') }} as month_starts_at,
    months.first_month as cohort_month,
    {{ company_instant('months.first_month') }} as cohort_starts_at,
    date_diff('month', months.first_month, months.month) as months_since_first,
    coalesce(traded.order_count, 0) > 0 as has_ordered,
    coalesce(date_diff('month', months.first_month, months.month) < 12, false) as is_new_trade,
    coalesce(traded.order_count, 0) as order_count,
    cast(coalesce(traded.amount, 0) as decimal(18, 2)) as amount,
    cast(coalesce(traded.costed_amount, 0) as decimal(18, 2)) as costed_amount,
    cast(traded.margin_amount as decimal(18, 2)) as margin_amount
  from months
  left join traded
    on months.month = traded.month and months.customer_key is not distinct from traded.customer_key
)

select
  customer_month_key,
  customer_key,
  month,
  month_starts_at,
  cohort_month,
  cohort_starts_at,
  months_since_first,
  has_ordered,
  is_new_trade,
  order_count,
  amount,
  costed_amount,
  margin_amount
from final
