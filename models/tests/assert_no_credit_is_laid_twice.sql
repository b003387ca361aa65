-- A receipt or return pays at most what it is, and a portion takes at most what it comes to; rounding line by line can make an order of some cents come to
-- less than nothing in the company currency.
with laid as (
  select
    credit_key,
    sum(amount_original) as amount_original
  from {{ ref('int_receivables_allocated') }}
  group by credit_key
),

taken as (
  select
    receivable_key,
    sum(amount) as amount
  from {{ ref('int_receivables_allocated') }}
  group by receivable_key
)

select
  laid.credit_key as document,
  laid.amount_original as laid,
  credits.amount_original as whole
from laid
inner join {{ ref('int_receivable_credits') }} as credits on laid.credit_key = credits.credit_key
where laid.amount_original > credits.amount_original

union all

select
  taken.receivable_key as document,
  taken.amount as laid,
  due.amount as whole
from taken
inner join {{ ref('int_receivables_due') }} as due on taken.receivable_key = due.receivable_key
where taken.amount not between least(due.amount, 0) and greatest(due.amount, 0)
