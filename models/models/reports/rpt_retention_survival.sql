with spells as (
  select
    spells.*,
    customers.kind as segment,
    -- Months up to the last active day, a begun one counted.
    1 + date_sub('month', spells.active_from, coalesce(spells.churned_on - 1, {{ company_date(as_of()) }})) as months
  from {{ ref('fct_customer_activity_spells') }} as spells
  inner join {{ ref('dim_customers') }} as customers on spells.customer_key = customers.customer_key
  where spells.is_chosen
),

observed as (
  select
    segment,
    months,
    churned_on is not null as is_churned
  from spells

  union all

  select
    'all' as segment,
    months,
    churned_on is not null as is_churned
  from spells
),

curve as (
  {{ kaplan_meier('observed', 'months', 'is_churned', ['segment']) }}
),

final as (
  select
    coalesce(segment, '') || '-' || duration as survival_key,
    segment,
    duration as months,
    at_risk,
    event_count as churn_count,
    censored_count,
    survival,
    standard_error,
    lower95,
    upper95
  from curve
)

select
  survival_key,
  segment,
  months,
  at_risk,
  churn_count,
  censored_count,
  survival,
  standard_error,
  lower95,
  upper95
from final
