with settings as (
  select cast(value as integer) as neglected_days
  from {{ ref('stg_crm__company_settings') }}
  where key = 'neglected_days'
),

activities as (
  select
    customer_key,
    max(done_on) as last_activity_on
  from {{ ref('fct_activities') }}
  where done_on <= {{ company_date(as_of()) }}
  group by customer_key
),

contacts as (
  select
    customers.*,
    activities.last_activity_on,
    greatest(activities.last_activity_on, customers.last_order_on) as last_contact_on,
    settings.neglected_days
  from {{ ref('dim_customers') }} as customers
  left join activities on customers.customer_key = activities.customer_key
  cross join settings
  where customers.owner_key is not null
),

-- Who never was contacted is neglected once the days have gone by since the customer came.
final as (
  select
    *,
    {{ company_date(as_of()) }} - last_contact_on as days_since_contact,
    coalesce(last_contact_on > {{ company_date(as_of()) }} - neglected_days, false) as is_covered,
    coalesce(last_contact_on, created_on) <= {{ company_date(as_of()) }} - neglected_days as is_neglected
  from contacts
)

select
  customer_key,
  customer_id,
  name,
  level,
  region,
  owner_key,
  department_key,
  created_on,
  order_amount,
  last_activity_on,
  last_order_on,
  last_contact_on,
  {{ company_instant('last_contact_on') }} as last_contact_starts_at,
  days_since_contact,
  neglected_days,
  is_covered,
  is_neglected
from final
