{{ config(meta={'live': {'key': 'opportunity_key', 'from': {
  'stg_crm__opportunities': 'opportunity_key',
  'fct_opportunities': 'opportunity_key'
}}}) }}
-- Joins to dimensions neither drop nor multiply: a deal without a product or customer stays.
select
  staged.row_count as staged_rows,
  facts.row_count as fact_rows
from (select count(*) as row_count from {{ ref('stg_crm__opportunities') }}) as staged
cross join (select count(*) as row_count from {{ ref('fct_opportunities') }}) as facts
where staged.row_count <> facts.row_count
