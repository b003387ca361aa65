{{ config(meta={'keeps_deleted': true}) }}

with source as (
  select * from {{ source('crm', 'status_events') }}
),

renamed as (
  select
    row_key as status_event_key,
    id as status_event_id,
    entity,
    record_id,
    from_value,
    to_value,
    effective_at,
    recorded_at
  from source
  -- Those of documents are the most by far, and no history is made of them.
  where entity in ('customer', 'employee')
)

select * from renamed
