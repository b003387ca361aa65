{{ config(meta={'live': {'key': 'opportunity_key', 'from': {
  'fct_opportunity_history': 'opportunity_key'
}}}) }}
-- Half-open intervals: a state begins where the one before ends, and only the last one has no end.
with states as (
  select
    *,
    lead(from_at) over (partition by opportunity_key order by from_at, opportunity_state_key) as next_from_at
  from {{ ref('fct_opportunity_history') }}
)

select *
from states
where to_at <= from_at or to_at is distinct from next_from_at
