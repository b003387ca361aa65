-- The last customer of the curve holds the whole trade of the twelve months, to the cent; who bought nothing on balance is not on it. Asked of the last
-- month and of each year's last: adding up every customer's twelve months anew for all of them would take as long as the report.
with trade_of_customers as (
  select
    months.month,
    trade.customer_key,
    sum(trade.amount) as amount_12m
  from (
    select distinct month
    from {{ ref('rpt_concentration_months') }}
    where month(month) = 12 or month = date_trunc('month', {{ company_date(as_of()) }})
  ) as months
  inner join {{ ref('fct_customer_trade_months') }} as trade
    on trade.month between months.month - interval 11 month and months.month and trade.customer_key is not null
  group by months.month, trade.customer_key
),

trade as (
  select
    month,
    sum(amount_12m) as amount_12m
  from trade_of_customers
  where amount_12m > 0
  group by month
),

curve as (
  select
    month,
    max(cumulative_12m) as last_cumulative,
    max(total_12m) as total_12m
  from {{ ref('rpt_concentration_months') }}
  group by month
)

select
  trade.month,
  trade.amount_12m,
  curve.last_cumulative,
  curve.total_12m
from trade
inner join curve on trade.month = curve.month
where trade.amount_12m <> curve.last_cumulative or trade.amount_12m <> curve.total_12m
