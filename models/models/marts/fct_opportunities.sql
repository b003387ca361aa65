with opportunities as (
  select * from {{ ref('stg_crm__opportunities') }}
),

customers as (
  select * from {{ ref('stg_crm__customers') }}
),

employees as (
  select * from {{ ref('stg_crm__employees') }}
),

departments as (
  select * from {{ ref('stg_crm__departments') }}
),

converted as (
  select
    opportunities.*,
    {{ document_rate('opportunities', 'rates') }} as rate
  from opportunities
  asof left join {{ ref('stg_crm__exchange_rates') }} as rates
    on opportunities.currency = rates.currency and opportunities.created_on >= rates.valid_on
),

final as (
  select
    converted.opportunity_key,
    converted.opportunity_id,
    converted.name,
    customers.customer_key,
    customers.customer_id,
    customers.name as customer_name,
    customers.region,
    customers.industry,
    customer_owners.employee_key as customer_owner_key,
    products.product_key,
    owners.employee_key as owner_key,
    departments.department_key,
    converted.source,
    converted.pipeline,
    converted.stage,
    stages.pipeline_stage_key,
    converted.status,
    converted.amount_original,
    converted.currency,
    {{ money_times('converted.amount_original', 'converted.rate') }} as amount,
    case
      when converted.status = 'open'
        then {{ money_times(money_times('converted.amount_original', 'converted.rate'), 'stages.probability') }}
    end as weighted_amount,
    converted.expected_close_on,
    {{ company_instant('converted.expected_close_on') }} as expected_close_starts_at,
    converted.created_at,
    converted.created_on,
    converted.closed_at,
    converted.closed_on,
    converted.close_reason,
    coalesce(reasons.label_zh, converted.close_reason) as close_reason_label_zh,
    coalesce(reasons.label_en, converted.close_reason) as close_reason_label_en,
    converted.closed_at < converted.created_at as is_closed_before_created,
    case
      when converted.status = 'won' and converted.closed_on >= converted.created_on
        then date_diff('day', converted.created_on, converted.closed_on)
    end as cycle_days
  from converted
  left join customers on converted.customer_id = customers.customer_id
  left join employees as customer_owners on customers.owner_id = customer_owners.employee_id
  left join employees as owners on converted.owner_id = owners.employee_id
  left join departments on coalesce(converted.department_id, owners.department_id) = departments.department_id
  left join {{ ref('stg_crm__products') }} as products on converted.product_id = products.product_id
  left join {{ ref('stg_crm__pipeline_stages') }} as stages
    on converted.pipeline = stages.pipeline and converted.stage = stages.stage
  left join {{ ref('stg_crm__close_reasons') }} as reasons
    on converted.status = reasons.outcome and converted.close_reason = reasons.code
)

select
  opportunity_key,
  opportunity_id,
  name,
  customer_key,
  customer_id,
  customer_name,
  region,
  industry,
  customer_owner_key,
  product_key,
  owner_key,
  department_key,
  source,
  pipeline,
  stage,
  pipeline_stage_key,
  status,
  amount_original,
  currency,
  amount,
  weighted_amount,
  expected_close_on,
  expected_close_starts_at,
  created_at,
  created_on,
  closed_at,
  closed_on,
  close_reason,
  close_reason_label_zh,
  close_reason_label_en,
  is_closed_before_created,
  cycle_days
from final
