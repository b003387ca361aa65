{%- set horizon = var('churn_horizon_days', 180) -%}
-- Now, and twice before, a horizon apart: what was known then, and for the earlier two, what came of it.
with cuts as (
  select
    cut_number,
    {{ company_date(as_of()) }} - cut_number * {{ horizon }} as cut_on
  from (select unnest([0, 1, 2]) as cut_number) as numbers
),

order_days as (
  select * from {{ ref('fct_customer_order_days') }}
),

trade as (
  select
    cuts.cut_number,
    cuts.cut_on,
    order_days.customer_key,
    min(order_days.ordered_on) as first_order_on,
    max(order_days.ordered_on) as last_order_on,
    count(*) as day_count,
    arg_max(order_days.usual_gap_days, order_days.ordered_on) as usual_gap_days,
    count(*) filter (where order_days.ordered_on > cuts.cut_on - {{ horizon }}) as recent_days,
    count(*) filter (
      where order_days.ordered_on > cuts.cut_on - 2 * {{ horizon }} and order_days.ordered_on <= cuts.cut_on - {{ horizon }}
    ) as earlier_days,
    coalesce(sum(order_days.amount) filter (where order_days.ordered_on > cuts.cut_on - {{ horizon }}), 0) as recent_amount,
    coalesce(sum(order_days.amount) filter (
      where order_days.ordered_on > cuts.cut_on - 2 * {{ horizon }} and order_days.ordered_on <= cuts.cut_on - {{ horizon }}
    ), 0) as earlier_amount
  from cuts
  inner join order_days on order_days.ordered_on <= cuts.cut_on
  group by cuts.cut_number, cuts.cut_on, order_days.customer_key
  having max(order_days.ordered_on) > cuts.cut_on - {{ active_days() }}
),

outcomes as (
  select distinct
    cuts.cut_number,
    order_days.customer_key
  from cuts
  inner join order_days on order_days.ordered_on > cuts.cut_on and order_days.ordered_on <= cuts.cut_on + {{ horizon }}
),

late as (
  select
    cuts.cut_number,
    receivables.customer_key,
    sum(receivables.amount) as late_amount
  from cuts
  inner join {{ ref('fct_receivables') }} as receivables
    on receivables.due_on < cuts.cut_on and coalesce(receivables.settled_on > cuts.cut_on, true)
  where receivables.customer_key is not null
  group by cuts.cut_number, receivables.customer_key
),

contacts as (
  select
    cuts.cut_number,
    activities.customer_key,
    max(activities.done_on) as last_contact_on
  from cuts
  inner join {{ ref('fct_activities') }} as activities on activities.done_on <= cuts.cut_on
  where activities.customer_key is not null
  group by cuts.cut_number, activities.customer_key
),

complaints as (
  select
    cuts.cut_number,
    customers.customer_key,
    count(*) as complaint_count
  from cuts
  inner join {{ ref('stg_crm__customer_events') }} as events
    on events.occurred_on <= cuts.cut_on and events.occurred_on > cuts.cut_on - 2 * {{ horizon }}
  inner join {{ ref('stg_crm__customers') }} as customers on events.customer_id = customers.customer_id
  where events.kind = 'complaint'
  group by cuts.cut_number, customers.customer_key
),

final as (
  select
    trade.customer_key || '-' || trade.cut_number as customer_cut_key,
    trade.customer_key,
    trade.cut_number,
    trade.cut_on,
    {{ horizon }} as horizon_days,
    case when trade.cut_number > 0 then outcomes.customer_key is null end as has_churned,
    trade.cut_on - trade.last_order_on as days_since_order,
    -- Once is no rhythm: then the whole time in which a customer counts as active.
    ln(1 + (trade.cut_on - trade.last_order_on) / greatest(coalesce(trade.usual_gap_days, {{ active_days() }}), 1)) as overdue_order,
    cast(trade.day_count = 1 as integer) as is_single_order,
    ln(1 + trade.recent_days) as order_frequency,
    ln((1 + trade.recent_days) / (1 + trade.earlier_days)) as frequency_decline,
    coalesce(
      cast(trade.recent_amount - trade.earlier_amount as double) / nullif(trade.recent_amount + trade.earlier_amount, 0), 0
    ) as spend_decline,
    ln(1 + greatest(cast(trade.recent_amount + trade.earlier_amount as double), 0)) as spend_level,
    (trade.cut_on - trade.first_order_on) / 365.0 as years_as_customer,
    least(
      coalesce(cast(late.late_amount as double) / nullif(greatest(trade.recent_amount + trade.earlier_amount, 0), 0), 0), 1
    ) as late_payment,
    ln(1 + least(coalesce(trade.cut_on - contacts.last_contact_on, 730), 730)) as contact_gap,
    ln(1 + coalesce(complaints.complaint_count, 0)) as complaints
  from trade
  left join outcomes on trade.cut_number = outcomes.cut_number and trade.customer_key = outcomes.customer_key
  left join late on trade.cut_number = late.cut_number and trade.customer_key = late.customer_key
  left join contacts on trade.cut_number = contacts.cut_number and trade.customer_key = contacts.customer_key
  left join complaints on trade.cut_number = complaints.cut_number and trade.customer_key = complaints.customer_key
)

select
  customer_cut_key,
  customer_key,
  cut_number,
  cut_on,
  horizon_days,
  has_churned,
  days_since_order,
  overdue_order,
  is_single_order,
  order_frequency,
  frequency_decline,
  spend_decline,
  spend_level,
  years_as_customer,
  late_payment,
  contact_gap,
  complaints
from final
