-- A lead names its opportunity; contracts and orders theirs, receipts their order. Where several leads name one opportunity, it belongs to the earliest.
with leads_of_opportunities as (
  select
    opportunity_key,
    min((created_at, lead_key)) as first_lead
  from {{ ref('fct_leads') }}
  where opportunity_key is not null
  group by opportunity_key
),

opportunity_chains as (
  select
    opportunities.opportunity_key,
    case
      when leads.opportunity_key is null then 2 * 1000000000000 + opportunities.opportunity_key
      else 1 * 1000000000000 + leads.first_lead[2]
    end as chain_key,
    case when leads.opportunity_key is null then 'opportunity' else 'lead' end as first_document,
    coalesce(leads.first_lead[1], opportunities.created_at) as began_at
  from {{ ref('fct_opportunities') }} as opportunities
  left join leads_of_opportunities as leads on opportunities.opportunity_key = leads.opportunity_key
),

orders as (
  select
    *,
    coalesce(amount, 0) as order_amount
  from {{ ref('fct_orders') }}
  where is_counted and kind = 'sale'
),

order_chains as (
  select
    orders.order_key,
    coalesce(chains.chain_key, 4 * 1000000000000 + orders.order_key) as chain_key,
    coalesce(chains.first_document, 'order') as first_document,
    coalesce(chains.began_at, orders.ordered_at) as began_at
  from orders
  left join opportunity_chains as chains on orders.opportunity_key = chains.opportunity_key
),

documents as (
  select
    'lead' as step,
    1 as step_order,
    leads.lead_key as document_key,
    coalesce(chains.chain_key, 1 * 1000000000000 + leads.lead_key) as chain_key,
    'lead' as first_document,
    coalesce(chains.began_at, leads.created_at) as began_at,
    leads.owner_key,
    leads.department_key,
    cast(null as bigint) as customer_owner_key,
    cast(0 as decimal(18, 2)) as amount
  from {{ ref('fct_leads') }} as leads
  left join opportunity_chains as chains on leads.opportunity_key = chains.opportunity_key

  union all

  select
    'opportunity',
    2,
    opportunities.opportunity_key,
    chains.chain_key,
    chains.first_document,
    chains.began_at,
    opportunities.owner_key,
    opportunities.department_key,
    opportunities.customer_owner_key,
    coalesce(opportunities.amount, 0)
  from {{ ref('fct_opportunities') }} as opportunities
  inner join opportunity_chains as chains on opportunities.opportunity_key = chains.opportunity_key

  union all

  select
    'contract',
    3,
    contracts.contract_key,
    coalesce(chains.chain_key, 3 * 1000000000000 + contracts.contract_key),
    coalesce(chains.first_document, 'contract'),
    coalesce(chains.began_at, {{ company_instant('contracts.signed_on') }}),
    contracts.owner_key,
    contracts.department_key,
    contracts.customer_owner_key,
    coalesce(contracts.amount, 0)
  from {{ ref('fct_opportunity_contracts') }} as contracts
  left join opportunity_chains as chains on contracts.opportunity_key = chains.opportunity_key
  where contracts.is_counted

  union all

  select
    'order',
    4,
    orders.order_key,
    chains.chain_key,
    chains.first_document,
    chains.began_at,
    orders.owner_key,
    orders.department_key,
    orders.customer_owner_key,
    orders.order_amount
  from orders
  inner join order_chains as chains on orders.order_key = chains.order_key

  union all

  select
    'receipt',
    5,
    receipts.receipt_key,
    coalesce(chains.chain_key, 5 * 1000000000000 + receipts.receipt_key),
    coalesce(chains.first_document, 'receipt'),
    coalesce(chains.began_at, receipts.received_at),
    receipts.owner_key,
    receipts.department_key,
    receipts.customer_owner_key,
    coalesce(receipts.amount, 0)
  from {{ ref('fct_receipts') }} as receipts
  left join order_chains as chains on receipts.order_key = chains.order_key
  where receipts.is_counted
),

furthest as (
  select
    chain_key,
    max(step_order) as furthest_order
  from documents
  group by chain_key
)

select
  documents.step_order * 1000000000000 + documents.document_key as chain_document_key,
  documents.chain_key,
  documents.step,
  documents.step_order,
  documents.first_document,
  documents.began_at,
  {{ company_date('documents.began_at') }} as began_on,
  documents.owner_key,
  documents.department_key,
  documents.customer_owner_key,
  documents.amount,
  furthest.furthest_order > documents.step_order as is_continued
from documents
inner join furthest on documents.chain_key = furthest.chain_key
