with receivables as (
  select * from {{ ref('fct_receivables') }}
),

payments as (
  select
    allocated.receivable_key,
    greatest(allocated.credited_on, receivables.ordered_on) as credited_on,
    sum(allocated.amount) as amount
  from {{ ref('int_receivables_allocated') }} as allocated
  inner join receivables on allocated.receivable_key = receivables.receivable_key
  group by
    allocated.receivable_key,
    greatest(allocated.credited_on, receivables.ordered_on)
),

-- What was paid changes with the order, when it is nothing, and with each payment.
changes as (
  select
    receivable_key,
    ordered_on as changed_on,
    0 as amount
  from receivables
  union all
  select * from payments
),

running as (
  select
    receivable_key,
    changed_on as from_on,
    lead(changed_on, 1, {{ company_date(as_of()) }} + 1) over portion as until_on,
    sum(amount) over portion as paid
  from changes
  window portion as (partition by receivable_key order by changed_on)
),

spans as (
  select
    running.receivable_key,
    running.from_on,
    least(running.until_on, {{ company_date(as_of()) }} + 1) as until_on,
    receivables.amount - running.paid as owed_amount
  from running
  inner join receivables on running.receivable_key = receivables.receivable_key
  where receivables.amount > running.paid and running.from_on < running.until_on and running.from_on <= {{ company_date(as_of()) }}
),

-- Every month end at which the portion was owed, the running month ending at the cut. Most portions are paid within a month or two.
months as (
  select
    *,
    least(last_day(month), {{ company_date(as_of()) }}) as ends_on
  from (
    select
      *,
      cast(unnest(generate_series(date_trunc('month', from_on), date_trunc('month', until_on - 1), interval 1 month)) as date) as month
    from spans
  ) as reached
),

owed as (
  select
    receivables.*,
    months.month,
    months.ends_on,
    months.owed_amount
  from months
  inner join receivables on months.receivable_key = receivables.receivable_key
  where months.ends_on >= months.from_on and months.ends_on < months.until_on
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
