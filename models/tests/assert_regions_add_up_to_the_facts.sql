-- Over all provinces and months: orders, receipts and what stood a year before, to the cent; and at the cut every customer once.
with reported as (
  select
    coalesce(sum(order_amount), 0) as orders,
    coalesce(sum(order_amount_year_before), 0) as year_before,
    coalesce(sum(receipt_amount), 0) as receipts,
    coalesce(sum(customers) filter (where month = date_trunc('month', {{ company_date(as_of()) }})), 0) as customers,
    coalesce(sum(new_customers), 0) as new_customers
  from {{ ref('rpt_region_month') }}
),

given as (
  select
    (select coalesce(sum(amount), 0) from {{ ref('fct_order_lines') }} where is_counted and kind = 'sale') as orders,
    (
      select coalesce(sum(amount), 0)
      from {{ ref('fct_order_lines') }}
      where is_counted and kind = 'sale' and ordered_on + interval 1 year <= {{ company_date(as_of()) }}
    ) as year_before,
    (select coalesce(sum(amount), 0) from {{ ref('fct_receipts') }} where is_counted) as receipts,
    (select count(*) from {{ ref('dim_customers') }} where least(created_on, first_order_on) <= {{ company_date(as_of()) }}) as customers,
    (select count(*) from {{ ref('dim_customers') }} where created_on between {{ first_month() }} and {{ company_date(as_of()) }}) as new_customers
)

select
  reported.*,
  given.*
from reported
cross join given
where reported.orders <> given.orders
  or reported.year_before <> given.year_before
  or reported.receipts <> given.receipts
  or reported.customers <> given.customers
  or reported.new_customers <> given.new_customers
