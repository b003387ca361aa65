with results as (
  select
    owner_key,
    department_key,
    month,
    unnest(['order_amount', 'won_amount', 'receipt_amount']) as measure,
    unnest([order_amount, won_amount, receipt_amount]) as value
  from {{ ref('fct_employee_months') }}
  where month < date_trunc('month', {{ company_date(as_of()) }})
),

series_months as (
  select 'company' as series_kind, null as series_key, measure, month, sum(value) as value
  from results
  group by measure, month

  union all

  select 'department' as series_kind, department_key as series_key, measure, month, sum(value) as value
  from results
  where department_key is not null
  group by department_key, measure, month

  union all

  select 'employee' as series_kind, owner_key as series_key, measure, month, sum(value) as value
  from results
  where owner_key is not null
  group by owner_key, measure, month
),

-- A series begins with its first result, and ends for good after a year without any.
bounds as (
  select
    series_kind,
    series_key,
    measure,
    greatest(min(month), {{ first_month() }}) as first_month
  from series_months
  where value <> 0
  group by series_kind, series_key, measure
  having max(month) >= date_trunc('month', {{ company_date(as_of()) }}) - interval 12 month
),

-- Every complete month: one without results is a 0.
spine as (
  select
    *,
    cast(unnest(generate_series(
      first_month,
      date_trunc('month', {{ company_date(as_of()) }}) - interval 1 month,
      interval 1 month
    )) as date) as month
  from bounds
),

final as (
  select
    spine.series_kind || '-' || coalesce(cast(spine.series_key as varchar), '') || '-' || spine.measure || '-'
    || strftime(spine.month, '%Y%m') as series_month_key,
    spine.series_kind,
    spine.series_key,
    case when spine.series_kind = 'employee' then spine.series_key end as employee_key,
    case when spine.series_kind = 'department' then spine.series_key end as department_key,
    spine.measure,
    spine.month,
    cast(coalesce(series_months.value, 0) as decimal(18, 2)) as value
  from spine
  left join series_months
    on spine.series_kind = series_months.series_kind
    and spine.series_key is not distinct from series_months.series_key
    and spine.measure = series_months.measure
    and spine.month = series_months.month
)

select
  series_month_key,
  series_kind,
  series_key,
  employee_key,
  department_key,
  measure,
  month,
  value
from final
