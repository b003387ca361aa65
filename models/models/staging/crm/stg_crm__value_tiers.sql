with source as (
  select * from {{ source('crm', 'value_tiers') }}
),

renamed as (
  select
    row_key as value_tier_key,
    id as value_tier_id,
    segment,
    tier,
    position,
    basis,
    threshold
  from source
  where deleted_at is null
)

select * from renamed
