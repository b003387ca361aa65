with settings as (
  select
    replace(key, 'cost_to_serve_per_', '') as kind,
    cast(value as decimal(18, 2)) as cost
  from {{ ref('stg_crm__company_settings') }}
  where key like 'cost_to_serve_per_%' and not is_default
),

-- An activity's own cost, else what the company says one of its kind costs; the default of a setting nobody made is no knowledge.
activities as (
  select
    customers.customer_key,
    cast(date_trunc('month', activities.done_on) as date) as month,
    activities.kind,
    coalesce(activities.cost, settings.cost) as cost
  from {{ ref('stg_crm__activities') }} as activities
  inner join {{ ref('stg_crm__customers') }} as customers on activities.customer_id = customers.customer_id
  left join settings on activities.kind = settings.kind
  where activities.done_on <= {{ company_date(as_of()) }}
),

final as (
  select
    {{ month_key('customer_key', 'month') }} as customer_month_key,
    customer_key,
    month,
    count(*) as activity_count,
    count(*) filter (where kind = 'visit') as visit_count,
    count(*) filter (where kind = 'visit' and cost is null) as uncosted_visit_count,
    count(cost) as costed_activity_count,
    cast(sum(cost) as decimal(18, 2)) as service_cost
  from activities
  group by
    customer_key,
    month
)

select
  customer_month_key,
  customer_key,
  month,
  activity_count,
  visit_count,
  uncosted_visit_count,
  costed_activity_count,
  service_cost
from final
