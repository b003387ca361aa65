with source as (
  select * from {{ source('crm', 'departments') }}
),

renamed as (
  select
    row_key as department_key,
    id as department_id,
    name,
    code,
    parent_id,
    position
  from source
  where deleted_at is null
)

select * from renamed
