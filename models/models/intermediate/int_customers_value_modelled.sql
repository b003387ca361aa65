with customers as (
  select * from {{ ref('stg_crm__customers') }}
),

criteria as (
  select * from {{ ref('stg_crm__value_criteria') }}
),

tiers as (
  select * from {{ ref('stg_crm__value_tiers') }}
),

-- A segment with rows of its own uses only those; the model of all others has no segment.
final as (
  select
    customers.customer_key,
    customers.kind as segment,
    weighed.segment as criteria_segment,
    layered.segment as tiers_segment
  from customers
  left join (select distinct segment from criteria where segment is not null) as weighed on customers.kind = weighed.segment
  left join (select distinct segment from tiers where segment is not null) as layered on customers.kind = layered.segment
)

select
  customer_key,
  segment,
  criteria_segment,
  tiers_segment
from final
