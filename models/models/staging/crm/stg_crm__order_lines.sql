with source as (
  select * from {{ source('crm', 'order_lines') }}
),

renamed as (
  select
    row_key as order_line_key,
    id as order_line_id,
    order_id,
    line_number,
    cast(product_id as varchar) as product_ref,
    quantity,
    unit_price,
    discount_rate,
    amount as amount_original,
    tax_amount as tax_original,
    unit_cost
  from source
  where deleted_at is null
)

select * from renamed
