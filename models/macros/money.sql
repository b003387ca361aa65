{#- Money times a rate, rounded once to cents. Widened first: DuckDB gives DECIMAL(18,2) * DECIMAL(18,8) only 18 digits. -#}
{#- Wide decimals are slow, so the usual rate of 1 goes past them. -#}
{%- macro money_times(amount, rate) -%}
  case
    when {{ rate }} = 1 then {{ amount }}
    else cast(round(cast({{ amount }} as decimal(38, 2)) * cast({{ rate }} as decimal(38, 8)), 2) as decimal(18, 2))
  end
{%- endmacro -%}

{#- The whole number of cents of an amount. -#}
{%- macro cents(amount) -%}
  cast(cast({{ amount }} as decimal(38, 2)) * 100 as hugeint)
{%- endmacro -%}

{#- total * part / whole in whole cents, half up, in integers: division would leave decimal arithmetic. Null when whole is 0. -#}
{%- macro money_share(total, part, whole) -%}
  cast(
    cast(
      (2 * {{ cents(total) }} * {{ cents(part) }} + {{ cents(whole) }}) // nullif(2 * {{ cents(whole) }}, 0) as decimal(38, 0)
    ) * cast(0.01 as decimal(3, 2)) as decimal(18, 2)
  )
{%- endmacro -%}

{#- A document's rate to the company currency: 1 in the company currency, else the rate on the document, else the day's. -#}
{%- macro document_rate(document, looked_up) -%}
  case
    when {{ document }}.currency = '{{ var("currency") }}' then cast(1 as decimal(18, 8))
    else coalesce({{ document }}.exchange_rate, {{ looked_up }}.rate)
  end
{%- endmacro -%}
