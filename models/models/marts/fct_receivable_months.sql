with receivables as (
  select * from {{ ref('fct_receivables') }}
),

-- Nearly all portions are paid at once or not at all: these are owed in full from the order to the payment. Only the others change in between.
paid_in_parts as (
  select receivable_key
  from {{ ref('int_receivables_allocated') }}
  group by receivable_key
  having count(*) > 1

  union

  select receivable_key
  from receivables
  where received_amount > 0 and settled_on is null
),

whole as (
  select
    receivables.*,
    ordered_on as from_on,
    coalesce(settled_on, {{ company_date(as_of()) }} + 1) as until_on,
    amount as owed_amount
  from receivables
  anti join paid_in_parts on receivables.receivable_key = paid_in_parts.receivable_key
),

in_parts as (
  select receivables.*
  from receivables
  semi join paid_in_parts on receivables.receivable_key = paid_in_parts.receivable_key
),

payments as (
  select
    allocated.receivable_key,
    greatest(allocated.credited_on, in_parts.ordered_on) as credited_on,
    sum(allocated.amount) as amount
  from {{ ref('int_receivables_allocated') }} as allocated
  inner join in_parts on allocated.receivable_key = in_parts.receivable_key
  group by
    allocated.receivable_key,
    greatest(allocated.credited_on, in_parts.ordered_on)
),

-- What was paid changes with the order, when it is nothing, and with each payment.
changes as (
  select
    receivable_key,
    ordered_on as changed_on,
    0 as amount
  from in_parts
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
  select * from whole
  union all
  select
    in_parts.*,
    running.from_on,
    running.until_on,
    cast(in_parts.amount - running.paid as decimal(18, 2)) as owed_amount
  from running
  inner join in_parts on running.receivable_key = in_parts.receivable_key
),

-- Every month whose end the span reaches, the running month ending at the cut. Most portions are paid within a month or two.
owed as (
  select
    *,
    least(last_day(month), {{ company_date(as_of()) }}) as ends_on
  from (
    select
      *,
      cast(unnest(generate_series(
        greatest(date_trunc('month', from_on), {{ first_month() }}),
        date_trunc('month', least(until_on, {{ company_date(as_of()) }}))
        - case when until_on <= {{ company_date(as_of()) }} then interval 1 month else interval 0 month end,
        interval 1 month
      )) as date) as month
    from spans
    where owed_amount > 0 and from_on < until_on and from_on <= {{ company_date(as_of()) }}
  ) as reached
),

final as (
  select
    {{ month_key('receivable_key', 'month', 'hugeint') }} as receivable_month_key,
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
