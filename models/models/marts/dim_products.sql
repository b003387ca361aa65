with products as (
  select * from {{ ref('stg_crm__products') }}
),

categories as (
  select * from {{ ref('int_product_categories_nested') }}
),

final as (
  select
    products.product_key,
    products.product_id,
    products.name,
    products.code,
    products.unit,
    products.status,
    categories.path_names[-1] as category,
    categories.path_names[1] as category_level_1,
    categories.path_names[2] as category_level_2,
    categories.path_names[3] as category_level_3,
    array_to_string(categories.path_names, ' / ') as category_path
  from products
  left join categories on products.category_id = categories.product_category_id
)

select
  product_key,
  product_id,
  name,
  code,
  unit,
  status,
  category,
  category_level_1,
  category_level_2,
  category_level_3,
  category_path
from final
