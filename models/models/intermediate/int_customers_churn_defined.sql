with customers as (
  select * from {{ ref('stg_crm__customers') }}
),

definitions as (
  select * from {{ ref('stg_crm__churn_definitions') }}
),

-- The segment's own definition, else the one for every segment, else a year without order.
chosen as (
  select
    customers.customer_key,
    coalesce(own.method, general.method, 'days') as method,
    case when own.method is not null then own.multiple else general.multiple end as multiple,
    case when own.method is not null then own.days else general.days end as days
  from customers
  left join definitions as own on customers.kind = own.segment
  left join definitions as general on general.segment is null
),

methods as (
  select unnest(['interval', 'contract_end', 'days']) as method
),

final as (
  select
    customers.customer_key || '-' || methods.method as customer_method_key,
    customers.customer_key,
    customers.customer_id,
    methods.method,
    chosen.method = methods.method as is_chosen,
    case methods.method when 'interval' then coalesce(case when chosen.method = 'interval' then chosen.multiple end, 3) end as multiple,
    -- Days without order, the fewest days of an interval, or days of grace after a contract.
    coalesce(
      case when chosen.method = methods.method then chosen.days end,
      case methods.method when 'days' then {{ active_days() }} when 'interval' then 30 else 0 end
    ) as days
  from customers
  cross join methods
  inner join chosen on customers.customer_key = chosen.customer_key
)

select
  customer_method_key,
  customer_key,
  customer_id,
  method,
  is_chosen,
  cast(multiple as decimal(18, 8)) as multiple,
  days
from final
