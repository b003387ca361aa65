with spells as (
  select * from {{ ref('fct_customer_activity_spells') }}
),

-- Only months in which something is to be said: active at an end, or churned and back within.
spell_months as (
  select
    spells.*,
    cast(unnest(generate_series(
      greatest(date_trunc('month', spells.active_from), {{ first_month() }}),
      date_trunc('month', coalesce(spells.churned_on, {{ company_date(as_of()) }})),
      interval 1 month
    )) as date) as month
  from spells
),

bounded as (
  select
    *,
    month - 1 as before_on,
    least(last_day(month), {{ company_date(as_of()) }}) as ends_on
  from spell_months
),

grouped as (
  select
    customer_key,
    method,
    is_chosen,
    month,
    bool_or(active_from <= before_on and (churned_on is null or churned_on > before_on)) as is_active_at_start,
    bool_or(active_from <= ends_on and (churned_on is null or churned_on > ends_on)) as is_active_at_end,
    count(*) filter (where churned_on between month and ends_on) as churn_count,
    count(*) filter (where spell_number > 1 and active_from between month and ends_on) as win_back_count
  from bounded
  group by all
),

-- What the customer was worth when the month began: the twelve months before it.
rolled as (
  select
    customer_key,
    month,
    sum(amount) over (partition by customer_key order by month rows between 12 preceding and 1 preceding) as amount_before
  from {{ ref('fct_customer_trade_months') }}
  where customer_key is not null
),

final as (
  select
    {{ month_key("(cast(grouped.customer_key as bigint) * 10 + case grouped.method when 'interval' then 1 when 'contract_end' then 2 when 'days' then 3 end)", 'grouped.month') }} as customer_method_month_key,
    grouped.*,
    {{ company_instant('grouped.month') }} as month_starts_at,
    {{ spend_band('coalesce(rolled.amount_before, 0)') }} as spend_band
  from grouped
  left join rolled on grouped.customer_key = rolled.customer_key and grouped.month = rolled.month
)

select
  customer_method_month_key,
  customer_key,
  method,
  is_chosen,
  month,
  month_starts_at,
  is_active_at_start,
  is_active_at_end,
  churn_count,
  win_back_count,
  spend_band
from final
