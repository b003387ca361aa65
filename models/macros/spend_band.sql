{#- The band of a yearly spend in the company currency; the codes sort from the smallest up. -#}
{%- macro spend_band(amount) -%}
  case
    when {{ amount }} < 10000 then '1_under_10k'
    when {{ amount }} < 50000 then '2_10k_to_50k'
    when {{ amount }} < 200000 then '3_50k_to_200k'
    when {{ amount }} < 1000000 then '4_200k_to_1m'
    else '5_over_1m'
  end
{%- endmacro -%}
