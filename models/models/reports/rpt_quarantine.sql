-- Each relation is read once for all that may be wrong with its records.
with orders as (
  select
    'order' as entity,
    order_id as record_id,
    unnest([
      case when line_count = 0 then 'order without lines' end,
      case when line_count > 0 and amount is null then 'no exchange rate for ' || currency end,
      case when customer_key is null then 'customer is missing' end,
      case when ordered_on < {{ first_month() }} then 'dated before the months of figures' end
    ]) as reason
  from {{ ref('fct_orders') }}
  where line_count = 0 or amount is null or customer_key is null or ordered_on < {{ first_month() }}
),

orders_of_missing_products as (
  select
    'order' as entity,
    any_value(orders.order_id) as record_id,
    'product of a line is missing' as reason
  from {{ ref('fct_order_lines') }} as lines
  inner join {{ ref('fct_orders') }} as orders on lines.order_key = orders.order_key
  where lines.is_product_missing
  group by lines.order_key
),

receipts as (
  select
    'receipt' as entity,
    receipt_id as record_id,
    unnest([
      case when amount is null then 'no exchange rate for ' || currency end,
      case when received_on < {{ first_month() }} then 'dated before the months of figures' end
    ]) as reason
  from {{ ref('fct_receipts') }}
  where amount is null or received_on < {{ first_month() }}
),

opportunities as (
  select
    'opportunity' as entity,
    opportunity_id as record_id,
    unnest([
      case when amount is null and amount_original is not null then 'no exchange rate for ' || currency end,
      case when is_closed_before_created then 'closed before created' end,
      case when status <> 'open' and closed_at is null then 'closed without a time' end,
      case when pipeline_stage_key is null then 'stage is not in its pipeline' end,
      case when created_on < {{ first_month() }} then 'dated before the months of figures' end
    ]) as reason
  from {{ ref('fct_opportunities') }}
  where
    (amount is null and amount_original is not null)
    or is_closed_before_created
    or (status <> 'open' and closed_at is null)
    or pipeline_stage_key is null
    or created_on < {{ first_month() }}
),

opportunities_without_stages as (
  select
    'opportunity' as entity,
    opportunities.opportunity_id as record_id,
    'no stage was ever entered' as reason
  from {{ ref('fct_opportunities') }} as opportunities
  anti join {{ ref('fct_opportunity_stages') }} as stages on opportunities.opportunity_key = stages.opportunity_key
),

departments as (
  select
    'department' as entity,
    department_id as record_id,
    'department lies in a cycle' as reason
  from {{ ref('dim_departments') }}
  where is_in_cycle
),

targets as (
  select
    'target' as entity,
    target_id as record_id,
    'department or employee is missing' as reason
  from {{ ref('fct_targets') }}
  where department_key is null or (not is_whole_department and employee_key is null)
),

findings as (
  select * from orders
  union all
  select * from orders_of_missing_products
  union all
  select * from receipts
  union all
  select * from opportunities
  union all
  select * from opportunities_without_stages
  union all
  select * from departments
  union all
  select * from targets
)

select
  entity || '-' || record_id || '-' || reason as finding_key,
  entity,
  record_id,
  reason
from findings
where reason is not null
