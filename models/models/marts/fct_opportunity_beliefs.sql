with versions as (
  select * from {{ ref('stg_crm__opportunity_versions') }} where operation <> 'truncate'
),

-- The table was hardly ever emptied: the few times go along as a list.
truncations as (
  select coalesce(list({'version_key': version_key, 'committed_at': committed_at}), []) as emptied
  from {{ ref('stg_crm__opportunity_versions') }}
  where operation = 'truncate'
),

-- A version is believed until the next one of the same opportunity, or until the table was emptied.
followed as (
  select
    versions.*,
    least(
      lead(versions.committed_at) over (partition by versions.opportunity_id order by versions.lsn, versions.sequence),
      list_min([each.committed_at for each in truncations.emptied if each.version_key > versions.version_key])
    ) as believed_to
  from versions
  cross join truncations
),

-- Looked up once per currency and day: few are in another currency, and matching each would sort them all.
rates as (
  select
    days.currency,
    days.created_on,
    rates.rate
  from (select distinct currency, created_on from versions where currency <> '{{ var("currency") }}') as days
  asof inner join {{ ref('stg_crm__exchange_rates') }} as rates
    on days.currency = rates.currency and days.created_on >= rates.valid_on
),

converted as (
  select
    followed.*,
    {{ document_rate('followed', 'rates') }} as rate
  from followed
  left join rates on followed.currency = rates.currency and followed.created_on = rates.created_on
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
