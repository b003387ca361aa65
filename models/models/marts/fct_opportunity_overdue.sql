with opportunities as (
  select * from {{ ref('fct_opportunities') }}
)

select
  opportunity_key,
  owner_key,
  department_key,
  customer_owner_key,
  {{ company_date(as_of()) }} - expected_close_on as days_overdue
from opportunities
where status = 'open' and expected_close_on < {{ company_date(as_of()) }}
