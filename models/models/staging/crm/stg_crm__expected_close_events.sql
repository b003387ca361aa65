{{ config(meta={'keeps_deleted': true}) }}

with source as (
  select * from {{ source('crm', 'expected_close_events') }}
),

renamed as (
  select
    row_key as expected_close_event_key,
    id as expected_close_event_id,
    entity,
    record_id,
    cast(from_value as date) as from_value,
    cast(to_value as date) as to_value,
    effective_at,
    recorded_at
  from source
)

select * from renamed
