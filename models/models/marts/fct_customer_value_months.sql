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

ranked as (
  select
    *,
    cast(
      row_number() over (partition by month, tiers_segment order by score desc nulls last, revenue desc, customer_key)
      / count(*) over (partition by month, tiers_segment) as decimal(18, 8)
    ) as rank_share,
    row_number() over (
      partition by month, profit_contribution is null or not is_margin_whole order by profit_contribution desc, customer_key
    ) / count(*) over (partition by month, profit_contribution is null or not is_margin_whole) as profit_rank_share
  from measured
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
