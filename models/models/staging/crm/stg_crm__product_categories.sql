with source as (
  select * from {{ source('crm', 'product_categories') }}
),

renamed as (
  select
    row_key as product_category_key,
    id as product_category_id,
    name,
    parent_id,
    position
  from source
  where deleted_at is null
)

select * from renamed
