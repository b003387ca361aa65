-- The published aggregate loses no money: by employee and month it adds up to the documents, returns not subtracted.
with totals as (
  select
    (select coalesce(sum(order_amount), 0) from {{ ref('rpt_employee_month') }}) as reported_orders,
    (
      select coalesce(sum(amount), 0)
      from {{ ref('fct_orders') }}
      where is_counted and kind = 'sale' and owner_key is not null
    ) as fact_orders,
    (select coalesce(sum(receipt_amount), 0) from {{ ref('rpt_employee_month') }}) as reported_receipts,
    (select coalesce(sum(amount), 0) from {{ ref('fct_receipts') }} where is_counted and owner_key is not null) as fact_receipts,
    (select coalesce(sum(won_amount), 0) from {{ ref('rpt_employee_month') }}) as reported_won,
    (
      select coalesce(sum(amount), 0)
      from {{ ref('fct_opportunities') }}
      where status = 'won' and closed_on is not null and owner_key is not null
    ) as fact_won
)

select *
from totals
where reported_orders <> fact_orders or reported_receipts <> fact_receipts or reported_won <> fact_won
