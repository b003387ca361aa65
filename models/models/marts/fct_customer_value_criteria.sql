{%- set lower_is_better = ["payment", "service_cost"] -%}
{%- set criteria = ["revenue", "margin", "growth", "payment", "frequency", "potential", "service_cost"] -%}

with months as (
  select
    trade.*,
    payments.received_amount,
    payments.amount_days,
    service.service_cost as month_service_cost,
    service.uncosted_visit_count
  from {{ ref('fct_customer_trade_months') }} as trade
  left join {{ ref('fct_customer_payment_months') }} as payments
    on trade.customer_key = payments.customer_key and trade.month = payments.month
  left join {{ ref('fct_customer_service_months') }} as service
    on trade.customer_key = service.customer_key and trade.month = service.month
  where trade.customer_key is not null
),

-- A customer has a row for every month since the first order, so twelve rows are twelve months.
rolled as (
  select
    *,
    sum(amount) over twelve as revenue,
    sum(margin_amount) over twelve as margin,
    sum(costed_amount) over twelve as costed_revenue,
    sum(order_count) over twelve as frequency,
    sum(received_amount) over twelve as received,
    sum(amount_days) over twelve as received_days,
    sum(month_service_cost) over twelve as service_cost,
    sum(uncosted_visit_count) over twelve as uncosted_visits,
    sum(amount) over (partition by customer_key order by month rows between 23 preceding and 12 preceding) as revenue_before
  from months
  window twelve as (partition by customer_key order by month rows between 11 preceding and current row)
),

-- Who bought nothing in twelve months has no value to rank; churn tells about them.
buyers as (
  select * from rolled where frequency > 0
),

-- A company that states no cost anywhere does not know what serving anybody costs.
recorded as (
  select coalesce(sum(costed_activity_count), 0) > 0 as has_costs
  from {{ ref('fct_customer_service_months') }}
),

open_months as (
  select
    customer_key,
    amount,
    cast(unnest(generate_series(
      greatest(date_trunc('month', created_on), {{ first_month() }}),
      date_trunc('month', least(coalesce(closed_on, {{ company_date(as_of()) }}), {{ company_date(as_of()) }}))
      - case when closed_on <= {{ company_date(as_of()) }} then interval 1 month else interval 0 month end,
      interval 1 month
    )) as date) as month
  from {{ ref('fct_opportunities') }}
  where customer_key is not null and created_on <= {{ company_date(as_of()) }}
),

pipeline as (
  select
    customer_key,
    month,
    sum(amount) as potential
  from open_months
  group by
    customer_key,
    month
),

measured as (
  select
    buyers.customer_month_key,
    buyers.customer_key,
    buyers.month,
    buyers.month_starts_at,
    modelled.segment,
    modelled.criteria_segment,
    modelled.tiers_segment,
    cast(buyers.revenue as decimal(18, 2)) as revenue,
    cast(buyers.margin as decimal(18, 2)) as margin,
    case
      when buyers.months_since_first >= 12
        then cast(
          cast(buyers.revenue - coalesce(buyers.revenue_before, 0) as double)
          / nullif(cast(buyers.revenue + coalesce(buyers.revenue_before, 0) as double), 0) as decimal(18, 8)
        )
    end as growth,
    cast(buyers.received_days as double) / nullif(cast(buyers.received as double), 0) as payment,
    cast(buyers.frequency as bigint) as frequency,
    cast(coalesce(pipeline.potential, 0) as decimal(18, 2)) as potential,
    cast(
      case
        when recorded.has_costs and coalesce(buyers.uncosted_visits, 0) = 0 then coalesce(buyers.service_cost, 0)
      end as decimal(18, 2)
    ) as service_cost,
    buyers.costed_revenue = buyers.revenue as is_margin_whole
  from buyers
  inner join {{ ref('int_customers_value_modelled') }} as modelled on buyers.customer_key = modelled.customer_key
  cross join recorded
  left join pipeline on buyers.customer_key = pipeline.customer_key and buyers.month = pipeline.month
),

weights as (
  select
    segment as weights_segment,
    {%- for criterion in criteria %}
    coalesce(sum(weight) filter (where criterion = '{{ criterion }}'), 0) as {{ criterion }}_weight{{ "," if not loop.last }}
    {%- endfor %}
  from {{ ref('stg_crm__value_criteria') }}
  group by segment
),

-- Whom a customer is compared with: the segment's customers of the month. A number stands for the two, as comparing numbers is what sorting is quickest at.
peers as (
  select
    month,
    segment,
    row_number() over (order by month, segment) as peer_group,
    {%- for criterion in criteria %}
    count({{ criterion }}) as {{ criterion }}_count{{ "," if not loop.last }}
    {%- endfor %}
  from measured
  group by
    month,
    segment
),

-- Sorted with nothing but the values: sorting whole rows seven times is what takes time.
places as (
  select
    measured.customer_month_key,
    peers.peer_group,
    {%- for criterion in criteria %}
    rank() over (
      partition by peers.peer_group order by measured.{{ criterion }} {{ "desc" if criterion in lower_is_better else "asc" }} nulls last
    ) as {{ criterion }}_place{{ "," if not loop.last }}
    {%- endfor %}
  from measured
  inner join peers on measured.month = peers.month and measured.segment is not distinct from peers.segment
),

-- The share of the segment's other customers of that month that one is ahead of: 0 the last, 1 the first (or the only one); equal values have equal places.
ranked as (
  select
    measured.*,
    {%- for criterion in criteria %}
    case
      when measured.{{ criterion }} is not null
        then cast(coalesce((places.{{ criterion }}_place - 1) / nullif(peers.{{ criterion }}_count - 1, 0), 1) as decimal(18, 8))
    end as {{ criterion }}_rank,
    coalesce(weights.{{ criterion }}_weight, 0) as {{ criterion }}_weight{{ "," if not loop.last }}
    {%- endfor %}
  from measured
  inner join places on measured.customer_month_key = places.customer_month_key
  inner join peers on places.peer_group = peers.peer_group
  left join weights on measured.criteria_segment is not distinct from weights.weights_segment
),

-- Unknown is not bad: the weight of what is unknown of a customer is spread over what is known.
weighed as (
  select
    *,
    {% for criterion in criteria -%}
    case when {{ criterion }}_rank is null then 0 else {{ criterion }}_weight end{{ " + " if not loop.last }}
    {%- endfor %} as known_weight
  from ranked
),

final as (
  select
    *,
    {%- for criterion in criteria %}
    cast(coalesce(cast({{ criterion }}_rank * {{ criterion }}_weight as double) / nullif(known_weight, 0), 0) as decimal(18, 8)) as {{ criterion }}_part{{ "," if not loop.last }}
    {%- endfor %}
  from weighed
)

select
  customer_month_key,
  customer_key,
  month,
  month_starts_at,
  segment,
  tiers_segment,
  {%- for criterion in criteria %}
  {{ criterion }},
  {{ criterion }}_rank,
  {{ criterion }}_part,
  {%- endfor %}
  is_margin_whole,
  known_weight > 0 as is_scored
from final
