{#- The time of the cut. Models never ask the clock. -#}
{%- macro as_of() -%}
  cast('{{ var("as_of") }}' as timestamptz)
{%- endmacro -%}

{#- The company's calendar day of an instant. -#}
{%- macro company_date(instant) -%}
  cast(timezone('{{ var("timezone") }}', {{ instant }}) as date)
{%- endmacro -%}

{#- The instant at which a calendar day starts in the company's zone: what a time dimension over days needs, in any zone. -#}
{%- macro company_instant(day) -%}
  timezone('{{ var("timezone") }}', cast({{ day }} as timestamp))
{%- endmacro -%}
