with activities as (
  select
    *,
    row_number() over (partition by customer_key, owner_key, kind, done_on order by activity_key desc) = 1 as is_last_of_day
  from {{ ref('fct_activities') }}
  where done_on is not null
),

visits as (
  select
    activity_key,
    customer_key,
    owner_key,
    done_on
  from activities
  where kind = 'visit' and is_last_of_day and customer_key is not null
),

-- What a customer does within 30 days of a visit counts for the last visit before it, and only for who made both.
followed as (
  select
    visits.activity_key,
    count(*) filter (where followers.kind = 'opportunity') as opportunities_after,
    count(*) filter (where followers.kind = 'order') as orders_after
  from (
    select
      'opportunity' as kind,
      customer_key,
      owner_key,
      created_on as day
    from {{ ref('fct_opportunities') }}

    union all

    select
      'order',
      customer_key,
      owner_key,
      ordered_on
    from {{ ref('fct_orders') }}
    where is_counted and kind = 'sale' and line_count > 0
  ) as followers
  asof inner join visits
    on followers.customer_key = visits.customer_key
    and followers.owner_key = visits.owner_key
    and followers.day >= visits.done_on
  where followers.day <= visits.done_on + 30
  group by visits.activity_key
),

final as (
  select
    activities.*,
    isodow(activities.done_on) as weekday,
    activities.outcome in ('reached', 'interested') as is_effective,
    activities.done_on + 30 <= {{ company_date(as_of()) }} as has_had_30_days,
    coalesce(followed.opportunities_after, 0) as opportunities_after,
    coalesce(followed.orders_after, 0) as orders_after
  from activities
  left join followed on activities.activity_key = followed.activity_key
)

select
  final.activity_key,
  final.kind,
  final.outcome,
  final.owner_key,
  final.department_key,
  spells.department_then_key,
  final.customer_key,
  final.customer_owner_key,
  final.done_at,
  final.done_on,
  final.weekday,
  coalesce(final.is_effective, false) as is_effective,
  final.has_had_30_days,
  final.opportunities_after,
  final.orders_after
from final
asof left join {{ ref('dim_employee_history') }} as spells
  on final.owner_key = spells.employee_key and final.done_at >= spells.covers_from
