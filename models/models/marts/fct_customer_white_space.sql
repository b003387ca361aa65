with bought as (
  select
    lines.customer_key,
    products.category_level_1 as category,
    sum(lines.amount) as amount_12m
  from {{ ref('fct_order_lines') }} as lines
  inner join {{ ref('dim_products') }} as products on lines.product_key = products.product_key
  where
    lines.is_counted
    and lines.kind = 'sale'
    and lines.customer_key is not null
    and products.category_level_1 is not null
    and lines.ordered_on <= {{ company_date(as_of()) }}
    and lines.ordered_on > {{ company_date(as_of()) }} - {{ active_days() }}
  group by
    lines.customer_key,
    products.category_level_1
),

buyers as (
  select
    customers.customer_key,
    customers.kind as segment,
    coalesce(customers.parent_key, customers.customer_key) as group_key
  from {{ ref('dim_customers') }} as customers
  where customers.customer_key in (select customer_key from bought)
),

categories as (
  select distinct category_level_1 as category
  from {{ ref('dim_products') }}
  where category_level_1 is not null
),

segments as (
  select
    buyers.segment,
    bought.category,
    count(*) as segment_buyer_count,
    median(cast(bought.amount_12m as double)) as typical_amount
  from bought
  inner join buyers on bought.customer_key = buyers.customer_key
  group by
    buyers.segment,
    bought.category
),

segment_sizes as (
  select
    segment,
    count(*) as segment_customer_count
  from buyers
  group by segment
),

groups as (
  select distinct
    buyers.group_key,
    bought.category
  from bought
  inner join buyers on bought.customer_key = buyers.customer_key
),

final as (
  select
    buyers.customer_key || '-' || categories.category as customer_category_key,
    buyers.customer_key,
    buyers.segment,
    categories.category,
    bought.customer_key is not null as has_bought,
    cast(coalesce(bought.amount_12m, 0) as decimal(18, 2)) as amount_12m,
    bought.customer_key is null and groups.group_key is not null as has_group_bought,
    coalesce(segments.segment_buyer_count, 0) as segment_buyer_count,
    segment_sizes.segment_customer_count,
    cast(coalesce(segments.segment_buyer_count, 0) / segment_sizes.segment_customer_count as decimal(18, 8)) as segment_penetration,
    -- The median of a handful would tell what a single customer, perhaps a colleague's, has bought.
    case
      when bought.customer_key is null and segments.segment_buyer_count >= 5 then cast(segments.typical_amount as decimal(18, 2))
    end as typical_amount
  from buyers
  cross join categories
  inner join segment_sizes on buyers.segment = segment_sizes.segment
  left join bought on buyers.customer_key = bought.customer_key and categories.category = bought.category
  left join segments on buyers.segment = segments.segment and categories.category = segments.category
  left join groups on buyers.group_key = groups.group_key and categories.category = groups.category
)

select
  customer_category_key,
  customer_key,
  segment,
  category,
  has_bought,
  amount_12m,
  has_group_bought,
  segment_buyer_count,
  segment_customer_count,
  segment_penetration,
  typical_amount
from final
