{#- part / whole of two counts as a rate, half up at the eighth place, in integers. Null when whole is 0. -#}
{%- macro share_of_counts(part, whole) -%}
  cast(
    cast(
      (2 * cast({{ part }} as hugeint) * 100000000 + {{ whole }}) // nullif(2 * cast({{ whole }} as hugeint), 0) as decimal(18, 0)
    ) * cast(0.00000001 as decimal(9, 8))
    as decimal(18, 8)
  )
{%- endmacro -%}
