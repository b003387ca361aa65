with days as (
  select * from {{ ref('fct_customer_order_days') }}
),

bought as (
  select
    customer_key,
    min(ordered_on) as first_order_on,
    max(ordered_on) as last_order_on,
    sum(order_count) as lifetime_order_count,
    sum(amount) as lifetime_amount,
    coalesce(sum(order_count) filter (where ordered_on > {{ company_date(as_of()) }} - {{ active_days() }}), 0) as order_count,
    coalesce(sum(amount) filter (where ordered_on > {{ company_date(as_of()) }} - {{ active_days() }}), 0) as amount,
    median(gap_days) as median_gap_days
  from days
  group by customer_key
),

-- Ties share the place of the first of them, so that customers with equal figures have equal scores.
scored as (
  select
    *,
    date_diff('day', last_order_on, {{ company_date(as_of()) }}) as recency_days,
    {{ quintile("last_order_on") }} as recency_score,
    {{ quintile("order_count") }} as frequency_score,
    {{ quintile("amount") }} as monetary_score
  from bought
),

final as (
  select
    scored.*,
    {{ company_instant('scored.last_order_on') }} as last_order_day_starts_at,
    case
      when recency_score >= 4 and frequency_score >= 4 and monetary_score >= 4 then 'champions'
      when recency_score >= 4 and lifetime_order_count = 1 then 'new'
      when recency_score >= 3 and frequency_score >= 4 then 'loyal'
      when recency_score >= 4 and frequency_score >= 2 then 'potential_loyalists'
      when recency_score >= 4 then 'promising'
      when recency_score = 3 then 'needs_attention'
      when recency_score <= 2 and frequency_score >= 4 and monetary_score >= 4 then 'cannot_lose'
      when recency_score <= 2 and frequency_score >= 3 then 'at_risk'
      when recency_score = 2 then 'about_to_sleep'
      else 'hibernating'
    end as rfm_segment
  from scored
)

select
  customer_key,
  first_order_on,
  last_order_on,
  last_order_day_starts_at,
  recency_days,
  cast(order_count as bigint) as order_count,
  cast(amount as decimal(18, 2)) as amount,
  cast(lifetime_order_count as bigint) as lifetime_order_count,
  cast(lifetime_amount as decimal(18, 2)) as lifetime_amount,
  median_gap_days,
  recency_score,
  frequency_score,
  monetary_score,
  rfm_segment
from final
