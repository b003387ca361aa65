{{ config(meta={'live': {'key': 'opportunity_key', 'from': {
  'int_opportunity_stages_entered': 'opportunity_key'
}}}) }}
-- A visit ends where the next begins: half-open intervals of one opportunity never overlap.
with visits as (
  select
    opportunity_key,
    entered_at,
    left_at,
    lead(entered_at) over (partition by opportunity_key order by entered_at, left_at nulls last) as next_entered_at
  from {{ ref('int_opportunity_stages_entered') }}
  where not is_skipped
)

select *
from visits
where left_at < entered_at or left_at > next_entered_at or (left_at is null and next_entered_at > entered_at)
