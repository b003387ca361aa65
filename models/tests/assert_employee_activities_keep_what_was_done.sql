-- Every activity that was done is there once, and no order or opportunity follows two visits.
with reported as (
  select
    count(*) as activities,
    coalesce(sum(orders_after), 0) as orders,
    coalesce(sum(opportunities_after), 0) as opportunities
  from {{ ref('fct_employee_activities') }}
)

select *
from reported
where activities <> (select count(*) from {{ ref('fct_activities') }} where done_on is not null)
  or orders > (select count(*) from {{ ref('fct_orders') }} where is_counted and kind = 'sale')
  or opportunities > (select count(*) from {{ ref('fct_opportunities') }})
