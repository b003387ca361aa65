with receivables as (
  select * from {{ ref('fct_receivables') }}
),

-- Every month end at which the portion was owed, the running month ending at the cut.
months as (
  select
    receivables.*,
    cast(series.month_start as date) as month,
    least(last_day(cast(series.month_start as date)), {{ company_date(as_of()) }}) as ends_on
  from receivables
  cross join lateral (
    select unnest(generate_series(
      date_trunc('month', receivables.ordered_on),
      date_trunc('month', coalesce(receivables.settled_on, {{ company_date(as_of()) }})),
      interval 1 month
    )) as month_start
  ) as series
  where receivables.ordered_on <= {{ company_date(as_of()) }}
),

payments as (
  select
    allocated.receivable_key,
    greatest(allocated.credited_on, receivables.ordered_on) as credited_on,
    allocated.amount
  from {{ ref('int_receivables_allocated') }} as allocated
  inner join receivables on allocated.receivable_key = receivables.receivable_key
),

-- Most portions are paid at once: what was paid up to a day is the running sum at the last payment before it.
running as (
  select
    receivable_key,
    credited_on,
    sum(sum(amount)) over (partition by receivable_key order by credited_on) as paid
  from payments
  group by receivable_key, credited_on
),

owed as (
  select
    months.*,
    months.amount - coalesce(running.paid, 0) as owed_amount
  from months
  asof left join running
    on months.receivable_key = running.receivable_key and months.ends_on >= running.credited_on
),

final as (
  select
    receivable_key || '-' || strftime(month, '%Y%m') as receivable_month_key,
    receivable_key,
    month,
    {{ company_instant('month') }} as month_starts_at,
    owner_key,
    customer_key,
    customer_id,
    customer_name,
    region,
    customer_owner_key,
    department_key,
    due_on,
    cast(owed_amount as decimal(18, 2)) as open_amount,
    cast(case when due_on < ends_on then owed_amount else 0 end as decimal(18, 2)) as overdue_amount,
    {{ ageing_bucket('(ends_on - due_on)') }} as bucket
  from owed
  where owed_amount > 0
)

select
  receivable_month_key,
  receivable_key,
  month,
  month_starts_at,
  owner_key,
  customer_key,
  customer_id,
  customer_name,
  region,
  customer_owner_key,
  department_key,
  due_on,
  open_amount,
  overdue_amount,
  bucket
from final
