{%- set fiscal_month = var('fiscal_year_start').split('-')[0] | int -%}
{%- set fiscal_day = var('fiscal_year_start').split('-')[1] | int -%}
{%- set week_days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] -%}
{%- set week_start = 1 + week_days.index(var('week_start')) -%}

with days as (
  select
    cast(unnest(generate_series(
      date '{{ var("calendar_from") }}', date '{{ var("calendar_to") }}', interval 1 day
    )) as date) as date_key
),

workdays as (
  select * from {{ ref('chinese_workdays') }}
),

-- A year's calendar is published whole, National Day included.
published as (
  select distinct year(date_key) as year
  from workdays
  where kind = 'holiday' and month(date_key) = 10
),

-- The 30 days around a Spring Festival, with that of the year before: trade follows the festival, which moves by weeks from year to year.
festivals as (
  select
    this_year.festival_on,
    year_before.festival_on as festival_before_on
  from {{ ref('spring_festivals') }} as this_year
  inner join {{ ref('spring_festivals') }} as year_before on this_year.year - 1 = year_before.year
),

-- Moved to where a fiscal month starts on the first.
shifted as (
  select
    days.date_key,
    days.date_key - {{ fiscal_day - 1 }} as fiscal_base
  from days
),

final as (
  select
    shifted.date_key,
    year(shifted.date_key) as year,
    year(shifted.date_key) || '-Q' || quarter(shifted.date_key) as quarter,
    strftime(shifted.date_key, '%Y-%m') as month,
    strftime(shifted.date_key, '%G-W%V') as iso_week,
    shifted.date_key - cast((isodow(shifted.date_key) - {{ week_start }} + 7) % 7 as integer) as week_starts_on,
    year(fiscal_base) - case when month(fiscal_base) < {{ fiscal_month }} then 1 else 0 end as fiscal_year,
    (month(fiscal_base) - {{ fiscal_month }} + 12) % 12 // 3 + 1 as fiscal_quarter,
    (month(fiscal_base) - {{ fiscal_month }} + 12) % 12 + 1 as fiscal_month,
    coalesce(workdays.kind = 'workday', false) or (workdays.kind is null and isodow(shifted.date_key) < 6) as is_workday,
    case when workdays.kind = 'holiday' then workdays.name_zh end as holiday_zh,
    case when workdays.kind = 'holiday' then workdays.name_en end as holiday_en,
    published.year is not null as is_holiday_published,
    -- The 29th of February outside the festival has no day to be compared with.
    case
      when festivals.festival_on is not null then festivals.festival_before_on + cast(shifted.date_key - festivals.festival_on as integer)
      when strftime(shifted.date_key, '%m-%d') <> '02-29' then cast(shifted.date_key - interval 1 year as date)
    end as aligned_year_before_on
  from shifted
  left join festivals on shifted.date_key between festivals.festival_on - 30 and festivals.festival_on + 30
  left join workdays on shifted.date_key = workdays.date_key
  left join published on year(shifted.date_key) = published.year
)

select
  date_key,
  year,
  quarter,
  month,
  iso_week,
  week_starts_on,
  fiscal_year,
  fiscal_quarter,
  fiscal_month,
  is_workday,
  holiday_zh,
  holiday_en,
  is_holiday_published,
  aligned_year_before_on
from final
