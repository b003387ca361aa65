-- Binary floating point can't hold cents: no column that is money may be one.
-- depends_on: {{ ref('fct_orders') }} {{ ref('fct_order_lines') }} {{ ref('fct_opportunities') }} {{ ref('fct_receipts') }}
-- depends_on: {{ ref('rpt_employee_month') }} {{ ref('rpt_target_month') }} {{ ref('dim_customers') }}
select
  table_schema,
  table_name,
  column_name,
  data_type
from information_schema.columns
where table_schema in ('staging', 'intermediate', 'marts', 'reports')
  and data_type in ('DOUBLE', 'FLOAT')
  and (column_name like '%amount%' or column_name like '%price%' or column_name like '%cost%' or column_name like '%\_original' escape '\'
    or column_name like '%discount%' or column_name like '%freight%' or column_name like 'order_target' or column_name like '%tax%')
