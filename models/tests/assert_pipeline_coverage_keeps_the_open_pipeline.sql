-- All open deals with an expected close are expected in some month from now on, with their whole amount.
select
  facts.row_count as facts,
  coverage.row_count as covered,
  facts.amount as fact_amount,
  coverage.amount as covered_amount
from (
  select count(*) as row_count, coalesce(sum(amount), 0) as amount
  from {{ ref('fct_opportunities') }}
  where status = 'open' and expected_close_on is not null
) as facts
cross join (
  select coalesce(sum(open_count), 0) as row_count, coalesce(sum(open_amount), 0) as amount
  from {{ ref('fct_pipeline_coverage') }}
) as coverage
where facts.row_count <> coverage.row_count or facts.amount <> coverage.amount
