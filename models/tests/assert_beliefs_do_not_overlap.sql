-- System time: one opportunity is believed one thing at a time.
with beliefs as (
  select
    *,
    lead(believed_from) over (partition by opportunity_key order by belief_key) as next_from
  from {{ ref('fct_opportunity_beliefs') }}
)

select *
from beliefs
where believed_to <= believed_from or believed_to > next_from or (believed_to is null and next_from is not null)
