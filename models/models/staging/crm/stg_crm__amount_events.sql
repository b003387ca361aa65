{{ config(meta={'keeps_deleted': true}) }}

with source as (
  select * from {{ source('crm', 'amount_events') }}
),

renamed as (
  select
    row_key as amount_event_key,
    id as amount_event_id,
    entity,
    record_id,
    cast(from_value as decimal(18, 2)) as from_value,
    cast(to_value as decimal(18, 2)) as to_value,
    effective_at,
    recorded_at
  from source
)

select * from renamed
