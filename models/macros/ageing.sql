{#- How long an amount has been overdue: the code of its bucket, in the usual steps. `days` is null or not positive for what is not due yet. -#}
{%- macro ageing_bucket(days) -%}
  case
    when {{ days }} > 180 then 'over_180'
    when {{ days }} > 90 then '91_180'
    when {{ days }} > 60 then '61_90'
    when {{ days }} > 30 then '31_60'
    when {{ days }} > 0 then '1_30'
    else 'not_due'
  end
{%- endmacro -%}
