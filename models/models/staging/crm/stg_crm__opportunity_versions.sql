{{ config(meta={'keeps_deleted': true, 'refresh': 'hourly'}) }}

with source as (
  select * from {{ source('crm_changes', 'opportunities') }}
),

renamed as (
  select
    cast(_lsn as hugeint) * 1000000000000 + _seq as version_key,
    _lsn as lsn,
    _seq as sequence,
    _op as operation,
    _commit_at as committed_at,
    id as opportunity_id,
    row_key as opportunity_key,
    owner_id,
    pipeline,
    stage,
    status,
    amount as amount_original,
    currency,
    exchange_rate,
    expected_close_on,
    {{ company_date('created_at') }} as created_on,
    _op in ('delete', 'truncate') or deleted_at is not null as is_gone
  from source
)

select * from renamed
