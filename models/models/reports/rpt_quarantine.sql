with findings as (
  select
    'order' as entity,
    order_id as record_id,
    'order without lines' as reason
  from {{ ref('fct_orders') }}
  where line_count = 0

  union all

  select
    'order' as entity,
    order_id as record_id,
    'no exchange rate for ' || currency as reason
  from {{ ref('fct_orders') }}
  where line_count > 0 and amount is null

  union all

  select
    'order' as entity,
    any_value(orders.order_id) as record_id,
    'product of a line is missing' as reason
  from {{ ref('fct_order_lines') }} as lines
  inner join {{ ref('fct_orders') }} as orders on lines.order_key = orders.order_key
  where lines.is_product_missing
  group by lines.order_key

  union all

  select
    'order' as entity,
    order_id as record_id,
    'customer is missing' as reason
  from {{ ref('fct_orders') }}
  where customer_key is null

  union all

  select
    'receipt' as entity,
    receipt_id as record_id,
    'no exchange rate for ' || currency as reason
  from {{ ref('fct_receipts') }}
  where amount is null

  union all

  select
    'opportunity' as entity,
    opportunity_id as record_id,
    'no exchange rate for ' || currency as reason
  from {{ ref('fct_opportunities') }}
  where amount is null and amount_original is not null

  union all

  select
    'opportunity' as entity,
    opportunity_id as record_id,
    'closed before created' as reason
  from {{ ref('fct_opportunities') }}
  where is_closed_before_created

  union all

  select
    'opportunity' as entity,
    opportunity_id as record_id,
    'closed without a time' as reason
  from {{ ref('fct_opportunities') }}
  where status <> 'open' and closed_at is null

  union all

  select
    'opportunity' as entity,
    opportunity_id as record_id,
    'stage is not in its pipeline' as reason
  from {{ ref('fct_opportunities') }}
  where pipeline_stage_key is null

  union all

  select
    'opportunity' as entity,
    opportunities.opportunity_id as record_id,
    'no stage was ever entered' as reason
  from {{ ref('fct_opportunities') }} as opportunities
  anti join {{ ref('fct_opportunity_stages') }} as stages on opportunities.opportunity_key = stages.opportunity_key

  union all

  select
    'department' as entity,
    department_id as record_id,
    'department lies in a cycle' as reason
  from {{ ref('dim_departments') }}
  where is_in_cycle

  union all

  select
    'target' as entity,
    target_id as record_id,
    'department or employee is missing' as reason
  from {{ ref('fct_targets') }}
  where department_key is null or (not is_whole_department and employee_key is null)

  union all

  select
    'order' as entity,
    order_id as record_id,
    'dated before the months of figures' as reason
  from {{ ref('fct_orders') }}
  where ordered_on < {{ first_month() }}

  union all

  select
    'receipt' as entity,
    receipt_id as record_id,
    'dated before the months of figures' as reason
  from {{ ref('fct_receipts') }}
  where received_on < {{ first_month() }}

  union all

  select
    'opportunity' as entity,
    opportunity_id as record_id,
    'dated before the months of figures' as reason
  from {{ ref('fct_opportunities') }}
  where created_on < {{ first_month() }}
),

final as (
  select
    entity || '-' || record_id || '-' || reason as finding_key,
    entity,
    record_id,
    reason
  from findings
)

select
  finding_key,
  entity,
  record_id,
  reason
from final
