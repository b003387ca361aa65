with source as (
  select * from {{ source('crm', 'activities') }}
),

renamed as (
  select
    row_key as activity_key,
    id as activity_id,
    kind,
    subject,
    customer_id,
    opportunity_id,
    owner_id,
    planned_at,
    done_at,
    {{ company_date('done_at') }} as done_on,
    outcome,
    {{ money_within_figures('cost') }} as cost,
    created_at
  from source
  where deleted_at is null
)

select * from renamed
