{%- set criteria = ["revenue", "margin", "growth", "payment", "frequency", "potential", "service_cost"] -%}

with measured as (
  select
    *,
    case
      when is_scored then cast({% for criterion in criteria %}{{ criterion }}_part{{ " + " if not loop.last }}{% endfor %} as decimal(18, 8))
    end as score,
    cast(margin - service_cost as decimal(18, 2)) as profit_contribution
  from {{ ref('fct_customer_value_criteria') }}
),

-- Sorted with nothing but what decides: sorting whole rows is what takes time.
ranks as (
  select
    customer_month_key,
    cast(
      row_number() over (partition by month, tiers_segment order by score desc nulls last, revenue desc, customer_key)
      / count(*) over (partition by month, tiers_segment) as decimal(18, 8)
    ) as rank_share
  from measured
),

profit_ranks as (
  select
    customer_month_key,
    row_number() over (partition by month order by profit_contribution desc, customer_key)
    / count(*) over (partition by month) as profit_rank_share
  from measured
  where profit_contribution is not null and is_margin_whole
),

ranked as (
  select
    measured.*,
    ranks.rank_share,
    profit_ranks.profit_rank_share
  from measured
  inner join ranks on measured.customer_month_key = ranks.customer_month_key
  left join profit_ranks on measured.customer_month_key = profit_ranks.customer_month_key
),

reached as (
  select
    ranked.customer_month_key,
    min_by(tiers.tier, tiers.position) as tier,
    min(tiers.position) as tier_position
  from ranked
  inner join {{ ref('stg_crm__value_tiers') }} as tiers
    on
      ranked.tiers_segment is not distinct from tiers.segment
      and case tiers.basis when 'score' then ranked.score >= tiers.threshold else ranked.rank_share <= tiers.threshold end
  group by ranked.customer_month_key
),

final as (
  select
    ranked.*,
    reached.tier,
    reached.tier_position,
    case
      when profit_contribution is null or not is_margin_whole then 'unknown'
      when profit_contribution < 0 then 'loss_making'
      when profit_rank_share <= 0.2 then 'gold'
      else 'average'
    end as profit_class
  from ranked
  left join reached on ranked.customer_month_key = reached.customer_month_key
)

select
  customer_month_key,
  customer_key,
  month,
  month_starts_at,
  segment,
  score,
  rank_share,
  tier,
  tier_position,
  revenue,
  margin,
  growth,
  payment as payment_days,
  frequency as order_count,
  potential as potential_amount,
  service_cost,
  profit_contribution,
  profit_class,
  {%- for criterion in criteria %}
  {{ criterion }}_part{{ "," if not loop.last }}
  {%- endfor %}
from final
