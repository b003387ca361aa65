{#- 
  Exact and fast at once: DuckDB multiplies two DECIMAL(18,s) in 64 bits and stops at an overflow; 128 bits never overflow here but take
  twenty times as long. So the usual sizes go the short way, and the limits below send the others the long one. Both round half away from zero.
-#}

{#-
  Unknown where it is beyond what any figure can be (10^13, as for documents): sums of such amounts would not fit, and one record would stop the figures of
  all. assert_amounts_are_within_figures names the records.
-#}
{%- macro money_within_figures(amount) -%}
  case when {{ amount }} between -9999999999999.99 and 9999999999999.99 then {{ amount }} end
{%- endmacro -%}

{#- left * right rounded to cents. The scales are those of the columns: 2 for money, 4 for a quantity, 8 for a rate. -#}
{%- macro rounded_product(left, left_scale, right, right_scale) -%}
  case
    when abs(cast({{ left }} as double) * cast({{ right }} as double)) < 1e{{ 17 - left_scale - right_scale }}
      then cast(round({{ left }} * {{ right }}, 2) as decimal(18, 2))
    else
      cast(
        round(cast({{ left }} as decimal(38, {{ left_scale }})) * cast({{ right }} as decimal(38, {{ right_scale }})), 2) as decimal(18, 2)
      )
  end
{%- endmacro -%}

{#- Money times a rate, rounded once to cents. -#}
{%- macro money_times(amount, rate) -%}
  case when {{ rate }} = 1 then {{ amount }} else {{ rounded_product(amount, 2, rate, 8) }} end
{%- endmacro -%}

{#- total * part / whole in whole cents, half up, in integers: division would leave decimal arithmetic. None is negative, part <= whole. Null when whole is 0. -#}
{%- macro money_share(total, part, whole) -%}
  case
    when {{ total }} < 1e13 and {{ whole }} < 1e13 and cast({{ total }} as double) * cast({{ part }} as double) < 4e14
      then {{ share_of_cents(total, part, whole, "decimal(18, 2)", "bigint") }}
    else {{ share_of_cents(total, part, whole, "decimal(38, 2)", "hugeint") }}
  end
{%- endmacro -%}

{%- macro share_of_cents(total, part, whole, decimal_type, integer_type) -%}
  {%- set total = "cast(cast(" ~ total ~ " as " ~ decimal_type ~ ") * 100 as " ~ integer_type ~ ")" -%}
  {%- set part = "cast(cast(" ~ part ~ " as " ~ decimal_type ~ ") * 100 as " ~ integer_type ~ ")" -%}
  {%- set whole = "cast(cast(" ~ whole ~ " as " ~ decimal_type ~ ") * 100 as " ~ integer_type ~ ")" -%}
  cast(
    cast((2 * {{ total }} * {{ part }} + {{ whole }}) // nullif(2 * {{ whole }}, 0) as decimal(18, 0)) * cast(0.01 as decimal(3, 2))
    as decimal(18, 2)
  )
{%- endmacro -%}

{#- A document's rate to the company currency: 1 in the company currency, else the rate on the document, else the day's. -#}
{%- macro document_rate(document, looked_up) -%}
  case
    when {{ document }}.currency = '{{ var("currency") }}' then cast(1 as decimal(18, 8))
    else coalesce({{ document }}.exchange_rate, {{ looked_up }}.rate)
  end
{%- endmacro -%}
