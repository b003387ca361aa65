with contracts as (
  select
    contracts.*,
    {{ document_rate('contracts', 'rates') }} as rate
  from {{ ref('stg_crm__contracts') }} as contracts
  asof left join {{ ref('stg_crm__exchange_rates') }} as rates
    on contracts.currency = rates.currency and coalesce(contracts.signed_on, contracts.created_on) >= rates.valid_on
),

final as (
  select
    contracts.contract_key,
    contracts.contract_id,
    contracts.number,
    contracts.status,
    contracts.status in ('effective', 'terminated') as is_counted,
    opportunities.opportunity_key,
    customers.customer_key,
    customer_owners.employee_key as customer_owner_key,
    owners.employee_key as owner_key,
    departments.department_key,
    coalesce(contracts.signed_on, contracts.starts_on) as signed_on,
    contracts.currency,
    contracts.amount_original,
    {{ money_times('contracts.amount_original', 'contracts.rate') }} as amount
  from contracts
  left join {{ ref('int_opportunities_followed') }} as opportunities on contracts.opportunity_id = opportunities.opportunity_id
  left join {{ ref('int_customers_followed') }} as customers on contracts.customer_id = customers.customer_id
  left join {{ ref('stg_crm__employees') }} as customer_owners on customers.owner_id = customer_owners.employee_id
  left join {{ ref('stg_crm__employees') }} as owners on contracts.owner_id = owners.employee_id
  left join {{ ref('stg_crm__departments') }} as departments
    on coalesce(contracts.department_id, owners.department_id) = departments.department_id
)

select
  contract_key,
  contract_id,
  number,
  status,
  is_counted,
  opportunity_key,
  customer_key,
  customer_owner_key,
  owner_key,
  department_key,
  signed_on,
  currency,
  amount_original,
  amount
from final
