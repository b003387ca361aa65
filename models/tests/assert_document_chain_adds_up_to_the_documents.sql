-- Every document belongs to exactly one chain: by kind, the chain has the documents' number and amount to the cent.
with facts as (
  select 'lead' as step, count(*) as documents, cast(0 as decimal(38, 2)) as amount from {{ ref('fct_leads') }}
  union all
  select 'opportunity', count(*), coalesce(sum(amount), 0) from {{ ref('fct_opportunities') }}
  union all
  select 'contract', count(*), coalesce(sum(amount), 0) from {{ ref('fct_opportunity_contracts') }} where is_counted
  union all
  select 'order', count(*), coalesce(sum(amount), 0) from {{ ref('fct_orders') }} where is_counted and kind = 'sale'
  union all
  select 'receipt', count(*), coalesce(sum(amount), 0) from {{ ref('fct_receipts') }} where is_counted
),

chains as (
  select
    step,
    count(*) as documents,
    sum(amount) as amount
  from {{ ref('rpt_document_chain') }}
  group by step
)

select *
from facts
left join chains on facts.step = chains.step
where facts.documents <> coalesce(chains.documents, 0) or facts.amount <> coalesce(chains.amount, 0)
