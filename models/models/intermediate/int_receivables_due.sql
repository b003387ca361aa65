with sales as (
  select * from {{ ref('int_orders_resolved') }}
  where is_counted and kind = 'sale'
),

-- The order's total is what its lines say, in its own currency and converted line by line, as everywhere.
totals as (
  select
    sales.order_key,
    cast(sum(lines.amount_original + lines.tax_original) as decimal(18, 2)) as total_original,
    cast(
      sum({{ money_times('lines.amount_original', 'sales.rate') }} + {{ money_times('lines.tax_original', 'sales.rate') }}) as decimal(18, 2)
    ) as total
  from {{ ref('int_order_lines_spread') }} as lines
  inner join sales on lines.order_key = sales.order_key
  group by sales.order_key
),

terms as (
  select cast(value as integer) as payment_days
  from {{ ref('stg_crm__company_settings') }}
  where key = 'payment_days'
),

planned as (
  select
    sales.order_key,
    instalments.sequence,
    instalments.kind,
    instalments.due_on,
    instalments.amount_original,
    sum(instalments.amount_original) over (
      partition by sales.order_key order by instalments.sequence rows unbounded preceding
    ) as reaches
  from {{ ref('stg_crm__instalments') }} as instalments
  inner join sales on instalments.order_id = sales.order_id
),

-- A plan that promises more than the order comes to (the order was changed later) is cut at the order's total.
within_total as (
  select
    planned.order_key,
    planned.sequence,
    planned.kind,
    planned.due_on,
    cast(least(planned.amount_original, totals.total_original - (planned.reaches - planned.amount_original)) as decimal(18, 2)) as amount_original
  from planned
  inner join totals on planned.order_key = totals.order_key
  where planned.reaches - planned.amount_original < totals.total_original
),

plan_ends as (
  select
    order_key,
    max(sequence) as last_sequence,
    sum(amount_original) as planned_original
  from within_total
  group by order_key
),

-- What no instalment covers is due when the company's usual days are over.
unplanned as (
  select
    sales.order_key,
    coalesce(cast(plan_ends.last_sequence as bigint), 0) + 1 as sequence,
    'other' as kind,
    sales.ordered_on + terms.payment_days as due_on,
    cast(totals.total_original - coalesce(plan_ends.planned_original, 0) as decimal(18, 2)) as amount_original
  from sales
  cross join terms
  inner join totals on sales.order_key = totals.order_key
  left join plan_ends on sales.order_key = plan_ends.order_key
  where totals.total_original > coalesce(plan_ends.planned_original, 0)
),

portions as (
  select *, true as is_planned from within_total
  where amount_original > 0
  union all
  select *, false as is_planned from unplanned
),

-- In the company currency the portions of an order add up to the order to the cent, and none is less than nothing: each is what the order comes to with it
-- less what it comes to before it.
reached as (
  select
    portions.*,
    totals.total,
    totals.total_original,
    cast(sum(portions.amount_original) over (
      partition by portions.order_key order by portions.sequence rows unbounded preceding
    ) as decimal(18, 2)) as reaches
  from portions
  inner join totals on portions.order_key = totals.order_key
),

final as (
  select
    cast(order_key as bigint) * 2147483648 + sequence as receivable_key,
    order_key,
    sequence,
    kind,
    is_planned,
    due_on,
    amount_original,
    cast(
      case
        when total = total_original then amount_original
        when amount_original = total_original then total
        else {{ money_share('total', 'reaches', 'total_original') }} - {{ money_share('total', '(reaches - amount_original)', 'total_original') }}
      end as decimal(18, 2)
    ) as amount
  from reached
)

select
  receivable_key,
  order_key,
  sequence,
  kind,
  is_planned,
  due_on,
  amount_original,
  amount
from final
