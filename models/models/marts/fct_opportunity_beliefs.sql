with versions as (
  select * from {{ ref('stg_crm__opportunity_versions') }} where operation <> 'truncate'
),

truncations as (
  select * from {{ ref('stg_crm__opportunity_versions') }} where operation = 'truncate'
),

-- A version is believed until the next one of the same opportunity, or until the table was emptied.
followed as (
  select
    versions.*,
    least(
      lead(versions.committed_at) over (partition by versions.opportunity_id order by versions.lsn, versions.sequence),
      truncations.committed_at
    ) as believed_to
  from versions
  asof left join truncations on versions.version_key < truncations.version_key
),

converted as (
  select
    followed.*,
    {{ document_rate('followed', 'rates') }} as rate
  from followed
  asof left join {{ ref('stg_crm__exchange_rates') }} as rates
    on followed.currency = rates.currency and followed.created_on >= rates.valid_on
  where not followed.is_gone and (followed.believed_to is null or followed.committed_at < followed.believed_to)
)

select
  converted.version_key as belief_key,
  converted.opportunity_key,
  converted.committed_at as believed_from,
  converted.believed_to,
  converted.operation,
  converted.operation = 'resync' as is_estimated,
  converted.pipeline,
  converted.stage,
  stages.pipeline_stage_key,
  converted.status,
  {{ money_times('converted.amount_original', 'converted.rate') }} as amount,
  converted.expected_close_on,
  owners.employee_key as owner_then_key,
  opportunities.owner_key,
  opportunities.department_key,
  opportunities.customer_owner_key
from converted
left join {{ ref('stg_crm__pipeline_stages') }} as stages on converted.pipeline = stages.pipeline and converted.stage = stages.stage
left join {{ ref('stg_crm__employees') }} as owners on converted.owner_id = owners.employee_id
left join {{ ref('fct_opportunities') }} as opportunities on converted.opportunity_key = opportunities.opportunity_key
