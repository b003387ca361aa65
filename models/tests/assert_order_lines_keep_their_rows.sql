{{ config(meta={'live': {'key': 'order_key', 'from': {
  'stg_crm__orders': 'order_key',
  'stg_crm__order_lines': {'order_id': 'stg_crm__orders.order_id'},
  'fct_order_lines': 'order_key'
}}}) }}
-- Every line of an order that is not deleted is in the fact once, with or without a known product.
select
  staged.row_count as staged_rows,
  facts.row_count as fact_rows
from (
  select count(*) as row_count
  from {{ ref('stg_crm__order_lines') }} as order_lines
  inner join {{ ref('stg_crm__orders') }} as orders on order_lines.order_id = orders.order_id
) as staged
cross join (select count(*) as row_count from {{ ref('fct_order_lines') }}) as facts
where staged.row_count <> facts.row_count
