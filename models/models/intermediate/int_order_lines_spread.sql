with final as (
  {{ spread_order_lines() }}
)

select
  order_line_key,
  order_key,
  line_number,
  product_ref,
  quantity,
  discount_original,
  freight_original,
  amount_original,
  tax_original,
  cost_original
from final
