with activities as (
  select * from {{ ref('stg_crm__activities') }}
),

employees as (
  select * from {{ ref('stg_crm__employees') }}
),

final as (
  select
    activities.activity_key,
    activities.activity_id,
    activities.kind,
    activities.subject,
    owners.employee_key as owner_key,
    departments.department_key,
    customers.customer_key,
    customers.customer_id,
    customers.name as customer_name,
    customer_owners.employee_key as customer_owner_key,
    opportunities.opportunity_key,
    activities.outcome,
    activities.planned_at,
    activities.done_at,
    activities.done_on,
    activities.created_at
  from activities
  left join employees as owners on activities.owner_id = owners.employee_id
  left join {{ ref('stg_crm__departments') }} as departments on owners.department_id = departments.department_id
  left join {{ ref('stg_crm__customers') }} as customers on activities.customer_id = customers.customer_id
  left join employees as customer_owners on customers.owner_id = customer_owners.employee_id
  left join {{ ref('int_opportunities_followed') }} as opportunities on activities.opportunity_id = opportunities.opportunity_id
)

select
  activity_key,
  activity_id,
  kind,
  subject,
  owner_key,
  department_key,
  customer_key,
  customer_id,
  customer_name,
  customer_owner_key,
  opportunity_key,
  outcome,
  planned_at,
  done_at,
  done_on,
  created_at
from final
