-- What figures leave out because no sum of such amounts would fit: 10^13 and more.
{{ config(severity='warn') }}
select
  'target' as entity,
  id as record_id,
  amount
from {{ source('crm', 'targets') }}
where deleted_at is null and {{ money_within_figures('amount') }} is null

union all

select
  'activity' as entity,
  id as record_id,
  cost as amount
from {{ source('crm', 'activities') }}
where deleted_at is null and cost is not null and {{ money_within_figures('cost') }} is null

union all

select
  'product' as entity,
  id as record_id,
  list_price as amount
from {{ source('crm', 'products') }}
where deleted_at is null and list_price is not null and {{ money_within_figures('list_price') }} is null
