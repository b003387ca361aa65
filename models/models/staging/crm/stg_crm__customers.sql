with source as (
  select * from {{ source('crm', 'customers') }}
),

renamed as (
  select
    row_key as customer_key,
    id as customer_id,
    name,
    kind,
    industry,
    ownership,
    level,
    source,
    status,
    country,
    province as region,
    city,
    owner_id,
    parent_id,
    founded_year,
    employee_count,
    annual_revenue,
    created_at,
    {{ company_date('created_at') }} as created_on
  from source
  where deleted_at is null
)

select * from renamed
