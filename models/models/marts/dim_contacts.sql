with contacts as (
  select * from {{ ref('stg_crm__contacts') }}
),

final as (
  select
    contacts.contact_key,
    contacts.contact_id,
    customers.customer_key,
    owners.employee_key as customer_owner_key,
    contacts.title,
    contacts.is_decision_maker,
    contacts.created_at
  from contacts
  left join {{ ref('int_customers_followed') }} as customers on contacts.customer_id = customers.customer_id
  left join {{ ref('stg_crm__employees') }} as owners on customers.owner_id = owners.employee_id
)

select
  contact_key,
  contact_id,
  customer_key,
  customer_owner_key,
  title,
  is_decision_maker,
  created_at
from final
