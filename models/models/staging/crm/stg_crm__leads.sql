with source as (
  select * from {{ source('crm', 'leads') }}
),

renamed as (
  select
    row_key as lead_key,
    id as lead_id,
    name,
    source,
    province as region,
    status,
    owner_id,
    customer_id,
    opportunity_id,
    created_at,
    {{ company_date('created_at') }} as created_on
  from source
  where deleted_at is null
)

select * from renamed
