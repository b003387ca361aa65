with orders as (
  select
    customer_key,
    min(ordered_on) as first_order_on,
    max(ordered_on) as last_order_on,
    count(*) as order_count,
    sum(amount) as order_amount,
    sum(amount) filter (where ordered_on > {{ company_date(as_of()) }} - {{ active_days() }}) as recent_amount
  from {{ ref('fct_orders') }}
  where is_counted and kind = 'sale' and ordered_on <= {{ company_date(as_of()) }}
  group by customer_key
),

-- Share of the customers who bought in the last year, from the largest down.
ranked as (
  select
    customer_key,
    row_number() over (order by recent_amount desc, customer_key) / count(*) over () as rank_share
  from orders
  where recent_amount > 0
),

final as (
  select
    customers.customer_key,
    customers.customer_id,
    customers.name,
    customers.kind,
    customers.industry,
    customers.ownership,
    customers.level,
    case
      when ranked.rank_share <= 0.01 then 'top_1'
      when ranked.rank_share <= 0.05 then 'top_5'
      when ranked.rank_share <= 0.2 then 'top_20'
      when ranked.rank_share is not null then 'rest'
    end as tier,
    customers.source,
    customers.status,
    customers.country,
    customers.region,
    customers.city,
    owners.employee_key as owner_key,
    departments.department_key,
    parents.customer_key as parent_key,
    customers.created_at,
    customers.created_on,
    orders.first_order_on,
    orders.last_order_on,
    coalesce(orders.order_count, 0) as order_count,
    cast(coalesce(orders.order_amount, 0) as decimal(18, 2)) as order_amount,
    coalesce(orders.last_order_on > {{ company_date(as_of()) }} - {{ active_days() }}, false) as is_active
  from {{ ref('stg_crm__customers') }} as customers
  left join {{ ref('stg_crm__employees') }} as owners on customers.owner_id = owners.employee_id
  left join {{ ref('stg_crm__departments') }} as departments on owners.department_id = departments.department_id
  left join {{ ref('stg_crm__customers') }} as parents on customers.parent_id = parents.customer_id
  left join orders on customers.customer_key = orders.customer_key
  left join ranked on customers.customer_key = ranked.customer_key
)

select
  customer_key,
  customer_id,
  name,
  kind,
  industry,
  ownership,
  level,
  tier,
  source,
  status,
  country,
  region,
  city,
  owner_key,
  department_key,
  parent_key,
  created_at,
  created_on,
  first_order_on,
  last_order_on,
  order_count,
  order_amount,
  is_active
from final
