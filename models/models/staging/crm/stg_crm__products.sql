with source as (
  select * from {{ source('crm', 'products') }}
),

renamed as (
  select
    row_key as product_key,
    id as product_id,
    cast(id as varchar) as product_ref,
    name,
    code,
    category_id,
    unit,
    {{ money_within_figures('list_price') }} as list_price,
    currency,
    status
  from source
  where deleted_at is null
)

select * from renamed
