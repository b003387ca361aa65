{{ config(meta={'live': {'key': 'opportunity_key', 'from': {
  'fct_opportunities': 'opportunity_key',
  'fct_opportunity_history': 'opportunity_key'
}}}) }}
-- Every opportunity has one present state, and it is the record as it stands: the pipeline adds up to the source to the cent.
with present as (
  select * from {{ ref('fct_opportunity_history') }} where to_at is null
)

select
  opportunities.opportunity_key,
  present.stage,
  present.status,
  present.amount
from {{ ref('fct_opportunities') }} as opportunities
full join present on opportunities.opportunity_key = present.opportunity_key
where
  opportunities.opportunity_key is null
  or present.opportunity_key is null
  or present.stage is distinct from opportunities.stage
  or present.status is distinct from opportunities.status
  or present.amount is distinct from opportunities.amount
  or present.owner_then_key is distinct from opportunities.owner_key
  or present.expected_close_on is distinct from opportunities.expected_close_on
