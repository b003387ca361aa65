{#- 1 (lowest fifth) to 5 (highest) by the share of rows that are lower; equal values have equal scores, whatever the order of the rows. -#}
{%- macro quintile(value) -%}
  least(5, 1 + cast(floor(5 * (rank() over (order by {{ value }}) - 1) / count(*) over ()) as integer))
{%- endmacro -%}
