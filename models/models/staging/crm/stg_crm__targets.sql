with source as (
  select * from {{ source('crm', 'targets') }}
),

renamed as (
  select
    row_key as target_key,
    id as target_id,
    measure,
    level,
    department_id,
    employee_id,
    cast(date_trunc('month', month) as date) as month,
    {{ money_within_figures('amount') }} as target_amount
  from source
  where deleted_at is null
)

select * from renamed
