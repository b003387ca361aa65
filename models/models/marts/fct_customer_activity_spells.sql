with definitions as (
  select * from {{ ref('int_customers_churn_defined') }}
),

-- An order keeps a customer active until `lapses_on`, the first day on which the condition holds if nothing else comes.
orders as (
  select
    days.customer_key,
    definitions.method,
    days.ordered_on as starts_on,
    days.ordered_on as last_on,
    days.ordered_on + cast(
      case
        when definitions.method = 'days' then definitions.days
        -- Two gaps make a habit; before that the year counts.
        when days.day_number < 3 then {{ active_days() }}
        -- A multiple of a gap may be thousands of years.
        else greatest(definitions.days, least(36500, ceil(cast(definitions.multiple as double) * days.usual_gap_days)))
      end as integer
    ) as lapses_on
  from {{ ref('fct_customer_order_days') }} as days
  inner join definitions
    on days.customer_key = definitions.customer_key and definitions.method in ('days', 'interval')
),

contracts as (
  select
    definitions.customer_key,
    definitions.method,
    contracts.starts_on,
    least(contracts.ends_on, coalesce(contracts.terminated_on, contracts.ends_on)) as last_on,
    least(contracts.ends_on, coalesce(contracts.terminated_on, contracts.ends_on)) + 1 + definitions.days as lapses_on
  from {{ ref('stg_crm__contracts') }} as contracts
  inner join definitions
    on contracts.customer_id = definitions.customer_id and definitions.method = 'contract_end'
  where contracts.status <> 'draft' and contracts.starts_on <= {{ company_date(as_of()) }}
),

terms as (
  select * from orders
  union all
  select * from contracts
),

reached as (
  select
    *,
    max(lapses_on) over (
      partition by customer_key, method order by starts_on, lapses_on rows between unbounded preceding and 1 preceding
    ) as lapsed_before_on
  from terms
),

numbered as (
  select
    *,
    count(*) filter (where lapsed_before_on is null or lapsed_before_on < starts_on) over (
      partition by customer_key, method order by starts_on, lapses_on rows between unbounded preceding and current row
    ) as spell_number
  from reached
),

spells as (
  select
    customer_key,
    method,
    spell_number,
    min(starts_on) as active_from,
    max(last_on) as last_active_on,
    max(lapses_on) as lapses_on
  from numbered
  group by
    customer_key,
    method,
    spell_number
),

final as (
  select
    spells.customer_key || '-' || spells.method || '-' || spells.spell_number as spell_key,
    spells.customer_key,
    spells.method,
    definitions.is_chosen,
    definitions.multiple,
    definitions.days,
    spells.spell_number,
    spells.active_from,
    spells.last_active_on,
    spells.lapses_on,
    case when spells.lapses_on <= {{ company_date(as_of()) }} then spells.lapses_on end as churned_on,
    lead(spells.active_from) over (
      partition by spells.customer_key, spells.method order by spells.spell_number
    ) as won_back_on
  from spells
  inner join definitions on spells.customer_key = definitions.customer_key and spells.method = definitions.method
)

select
  spell_key,
  customer_key,
  method,
  is_chosen,
  multiple,
  days,
  spell_number,
  active_from,
  last_active_on,
  lapses_on,
  churned_on,
  won_back_on
from final
