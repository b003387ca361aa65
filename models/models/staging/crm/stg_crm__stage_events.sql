{{ config(meta={'keeps_deleted': true}) }}

with source as (
  select * from {{ source('crm', 'stage_events') }}
),

renamed as (
  select
    row_key as stage_event_key,
    id as stage_event_id,
    record_id,
    from_value as from_stage,
    to_value as to_stage,
    effective_at,
    recorded_at
  from source
  where entity = 'opportunity'
)

select * from renamed
