with recursive categories as (
  select * from {{ ref('stg_crm__product_categories') }}
),

tree as (
  select
    root.product_category_id,
    [root.name] as path_names
  from categories as root
  where root.parent_id is null or root.parent_id not in (select product_category_id from categories)

  union all

  select
    child.product_category_id,
    list_append(tree.path_names, child.name) as path_names
  from categories as child
  inner join tree on child.parent_id = tree.product_category_id
),

final as (
  select
    categories.product_category_key,
    categories.product_category_id,
    coalesce(tree.path_names, [categories.name]) as path_names
  from categories
  left join tree on categories.product_category_id = tree.product_category_id
)

select
  product_category_key,
  product_category_id,
  path_names
from final
