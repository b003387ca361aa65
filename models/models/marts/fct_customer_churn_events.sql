with churned as (
  select * from {{ ref('fct_customer_activity_spells') }}
  where churned_on is not null
),

losses as (
  select
    spell_key,
    sum(lost_amount) as lost_amount
  from {{ ref('fct_customer_churn_losses') }}
  group by spell_key
),

told as (
  select
    customers.customer_key,
    events.occurred_on,
    events.reason
  from {{ ref('stg_crm__customer_events') }} as events
  inner join {{ ref('stg_crm__customers') }} as customers on events.customer_id = customers.customer_id
  where events.kind in ('declared_lost', 'contract_terminated') and events.reason is not null

  union all

  select
    customers.customer_key,
    contracts.terminated_on as occurred_on,
    contracts.termination_reason as reason
  from {{ ref('stg_crm__contracts') }} as contracts
  inner join {{ ref('stg_crm__customers') }} as customers on contracts.customer_id = customers.customer_id
  where contracts.status = 'terminated' and contracts.terminated_on is not null and contracts.termination_reason is not null
),

-- The last word between the last sign of activity and the return, at most half a year after the churn.
reasons as (
  select
    churned.spell_key,
    max_by(told.reason, row(told.occurred_on, told.reason)) as reason
  from churned
  inner join told
    on
      churned.customer_key = told.customer_key
      and told.occurred_on >= churned.last_active_on
      and told.occurred_on < coalesce(churned.won_back_on, churned.churned_on + 183)
      and told.occurred_on <= churned.churned_on + 183
  group by churned.spell_key
),

final as (
  select
    churned.*,
    {{ company_instant('churned.churned_on') }} as churned_day_starts_at,
    {{ company_instant('churned.won_back_on') }} as won_back_day_starts_at,
    date_diff('day', churned.active_from, churned.churned_on) as active_days,
    date_diff('day', churned.churned_on, churned.won_back_on) as days_away,
    reasons.reason,
    labels.label_zh as reason_label_zh,
    labels.label_en as reason_label_en,
    cast(coalesce(losses.lost_amount, 0) as decimal(18, 2)) as lost_amount,
    {{ spend_band('coalesce(losses.lost_amount, 0)') }} as spend_band
  from churned
  left join losses on churned.spell_key = losses.spell_key
  left join reasons on churned.spell_key = reasons.spell_key
  left join {{ ref('stg_crm__close_reasons') }} as labels on labels.outcome = 'lost' and reasons.reason = labels.code
)

select
  spell_key,
  customer_key,
  method,
  is_chosen,
  spell_number,
  active_from,
  last_active_on,
  churned_on,
  churned_day_starts_at,
  won_back_on,
  won_back_day_starts_at,
  active_days,
  days_away,
  reason,
  reason_label_zh,
  reason_label_en,
  lost_amount,
  spend_band
from final
