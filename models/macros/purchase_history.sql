{#- 
  A customer's purchases as BG/NBD and Gamma-Gamma see them. `purchases` is a relation or CTE with one row per purchase; purchases of one day count
  as one. Up to and including the day `until`. Times in weeks from the customer's first purchase; the mean value is that of the repeat purchases.
-#}
{%- macro purchase_history(purchases, customer, day, amount, until) -%}
  select
    {{ customer }},
    first_purchase_on,
    last_purchase_on,
    purchase_days - 1 as repeat_count,
    (last_purchase_on - first_purchase_on) / 7.0 as recency_weeks,
    ({{ until }} - first_purchase_on) / 7.0 as age_weeks,
    {{ money_average('repeat_total', 'purchase_days - 1') }} as mean_repeat_value
  from (
    select
      {{ customer }},
      min({{ day }}) as first_purchase_on,
      max({{ day }}) as last_purchase_on,
      count(*) as purchase_days,
      coalesce(sum(day_total) filter (where purchase_number > 1), 0) as repeat_total
    from (
      select
        {{ customer }},
        {{ day }},
        sum({{ amount }}) as day_total,
        row_number() over (partition by {{ customer }} order by {{ day }}) as purchase_number
      from {{ purchases }}
      where {{ day }} <= {{ until }}
      group by {{ customer }}, {{ day }}
    ) as days
    group by {{ customer }}
  ) as totals
{%- endmacro -%}

{#- Money divided by a count, rounded half away from zero to cents: DuckDB's own division would leave decimal arithmetic. Null when the count is 0. -#}
{%- macro money_average(total, count) -%}
  cast(
    case when {{ total }} < 0 then -1 else 1 end
    * cast((2 * abs(cast({{ total }} * 100 as hugeint)) + ({{ count }})) // nullif(2 * ({{ count }}), 0) as decimal(18, 0))
    * cast(0.01 as decimal(3, 2))
    as decimal(18, 2)
  )
{%- endmacro -%}
