with leads as (
  select * from {{ ref('stg_crm__leads') }}
),

final as (
  select
    leads.lead_key,
    leads.lead_id,
    leads.name,
    owners.employee_key as owner_key,
    departments.department_key,
    customers.customer_key,
    opportunities.opportunity_key,
    leads.source,
    leads.region,
    leads.status,
    leads.status = 'converted' as is_converted,
    leads.created_at,
    leads.created_on
  from leads
  left join {{ ref('stg_crm__employees') }} as owners on leads.owner_id = owners.employee_id
  left join {{ ref('stg_crm__departments') }} as departments on owners.department_id = departments.department_id
  left join {{ ref('int_customers_followed') }} as customers on leads.customer_id = customers.customer_id
  left join {{ ref('int_opportunities_followed') }} as opportunities on leads.opportunity_id = opportunities.opportunity_id
)

select
  lead_key,
  lead_id,
  name,
  owner_key,
  department_key,
  customer_key,
  opportunity_key,
  source,
  region,
  status,
  is_converted,
  created_at,
  created_on
from final
