{#- The time of the cut. Models never ask the clock. -#}
{%- macro as_of() -%}
  cast('{{ var("as_of") }}' as timestamptz)
{%- endmacro -%}

{#- 
  Seconds east of UTC of zones that have kept to one offset since 1992: for these a day is an addition, a tenth of the work of looking the zone up for
  every row. None of another zone.
-#}
{%- macro steady_offset() -%}
  {%- do return({
    "UTC": 0,
    "Asia/Bangkok": 25200,
    "Asia/Shanghai": 28800,
    "Asia/Hong_Kong": 28800,
    "Asia/Kuala_Lumpur": 28800,
    "Asia/Macau": 28800,
    "Asia/Singapore": 28800,
    "Asia/Taipei": 28800,
    "Asia/Seoul": 32400,
    "Asia/Tokyo": 32400
  }.get(var("timezone"))) -%}
{%- endmacro -%}

{#- The company's calendar day of an instant. -#}
{%- macro company_date(instant) -%}
  {%- set offset = steady_offset() -%}
  {%- if offset is none -%}
    cast(timezone('{{ var("timezone") }}', {{ instant }}) as date)
  {%- else -%}
    case
      when {{ instant }} between timestamptz '1992-01-02 00:00:00+00' and timestamptz '2099-12-30 00:00:00+00'
        then cast(make_timestamp(epoch_us({{ instant }}) + {{ offset * 1000000 }}) as date)
      else cast(timezone('{{ var("timezone") }}', {{ instant }}) as date)
    end
  {%- endif -%}
{%- endmacro -%}

{#- The instant at which a calendar day starts in the company's zone: what a time dimension over days needs, in any zone. -#}
{%- macro company_instant(day) -%}
  {%- set offset = steady_offset() -%}
  {%- if offset is none -%}
    timezone('{{ var("timezone") }}', cast({{ day }} as timestamp))
  {%- else -%}
    case
      when {{ day }} between date '1992-01-02' and date '2099-12-30'
        then make_timestamptz(epoch_us({{ day }}) - {{ offset * 1000000 }})
      else timezone('{{ var("timezone") }}', cast({{ day }} as timestamp))
    end
  {%- endif -%}
{%- endmacro -%}

{#-
  The first month of tables that have a row for every month gone by. A day of the year 1 or 1900 is what another system writes for "none": without this
  bound each such record would have hundreds or thousands of rows.
-#}
{%- macro first_month() -%}
  cast(date_trunc('month', {{ company_date(as_of()) }}) - interval {{ var('history_years', 20) }} year as date)
{%- endmacro -%}

{#- A number and a month as one number: the number, then the month as yyyymm. Texts take many times as long to write, to compare and to join. -#}
{%- macro month_key(number, month, type="bigint") -%}
  cast({{ number }} as {{ type }}) * 1000000 + year({{ month }}) * 100 + month({{ month }})
{%- endmacro -%}

{#- An employee and a month as one number; nobody is employee 0. What was reached and what was to be reached meet by it. -#}
{%- macro result_key(employee, month) -%}
  {{ month_key("coalesce(" ~ employee ~ ", 0)", month) }}
{%- endmacro -%}
